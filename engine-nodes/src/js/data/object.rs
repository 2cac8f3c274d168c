//! An object that converts a field when it is read.
#![expect(elided_lifetimes_in_paths, reason = "the derive of JsLifetime writes the type without its lifetime")]

use std::cell::RefCell;

use rquickjs::class::{ClassKind, JsCell, JsClass, PropertyDescriptor, PropertyName, Readable, Trace, Tracer};
use rquickjs::function::Constructor;
use rquickjs::object::Filter;
use rquickjs::{Atom, Class, Ctx, JsLifetime, Object, Result, Value as JsValue};

use super::handle::Fields;
use super::inward;
use crate::js::kit::Kit;

/// JSON that a script sees as a plain object.
///
/// Until it is changed, fields are read from the engine's JSON; objects and lists within it are kept once they were handed out, so that they stay
/// the same to the script. The first change copies the fields into a plain object of the script's own, which stands in from then on.
#[derive(JsLifetime)]
pub(in crate::js) struct LazyObject<'js> {
    source: Fields,
    parts: RefCell<Option<Object<'js>>>,
    own: RefCell<Option<Object<'js>>>,
}

impl<'js> LazyObject<'js> {
    pub(in crate::js) fn create(ctx: &Ctx<'js>, source: Fields) -> Result<JsValue<'js>> {
        let kit = Kit::of(ctx)?;
        Ok(Class::instance_proto(Self { source, parts: RefCell::new(None), own: RefCell::new(None) }, kit.lazy_prototype.clone())?.into_value())
    }

    /// The object as one of these, if it is one. The prototype is looked at first: asking for the class of an object that has another is dear.
    pub(in crate::js) fn from(ctx: &Ctx<'js>, object: &Object<'js>) -> Option<Class<'js, Self>> {
        let kit = Kit::of(ctx).ok()?;
        if object.get_prototype().as_ref() != Some(&kit.lazy_prototype) {
            return None;
        }
        Class::from_object(object)
    }

    /// The engine's JSON, when the script has not changed the object.
    pub(in crate::js) fn source(&self) -> Option<&Fields> {
        self.own.borrow().is_none().then_some(&self.source)
    }

    /// The engine's JSON, when nothing was handed out of it that could have been changed.
    pub(in crate::js) fn clean_source(&self) -> Option<Fields> {
        self.untouched().then(|| self.source.clone())
    }

    /// The part under a key, when it was handed out.
    pub(in crate::js) fn handed_out(&self, key: &str) -> Option<JsValue<'js>> {
        let parts = self.parts.borrow().clone()?;
        let part: JsValue<'js> = parts.get(key).ok()?;
        (!part.is_undefined()).then_some(part)
    }

    /// True when nothing was handed out that could have been changed.
    pub(in crate::js) fn untouched(&self) -> bool {
        self.parts.borrow().is_none() && self.own.borrow().is_none()
    }

    /// The object that stands in once the script has changed this one.
    pub(in crate::js) fn own(&self) -> Option<Object<'js>> {
        self.own.borrow().clone()
    }

    fn field(&self, ctx: &Ctx<'js>, key: &str) -> Result<Option<JsValue<'js>>> {
        let Some(value) = self.source.get().get(key) else { return Ok(None) };
        if !(value.is_object() || value.is_array()) {
            return inward::scalar(ctx, value).map(Some);
        }
        if let Some(part) = self.handed_out(key) {
            return Ok(Some(part));
        }
        let part = inward::element(ctx, value, || self.source.part(key))?;
        let kept = self.parts.borrow().clone();
        let parts = match kept {
            Some(parts) => parts,
            None => Object::new_proto(ctx.clone(), None)?,
        };
        parts.set(key, part.clone())?;
        *self.parts.borrow_mut() = Some(parts);
        Ok(Some(part))
    }

    /// The plain object of the script's own, made now when there is none.
    fn changed(&self, ctx: &Ctx<'js>) -> Result<Object<'js>> {
        if let Some(own) = self.own() {
            return Ok(own);
        }
        let own = Object::new(ctx.clone())?;
        for key in self.source.get().keys() {
            if let Some(value) = self.field(ctx, key)? {
                own.set(key.as_str(), value)?;
            }
        }
        *self.own.borrow_mut() = Some(own.clone());
        Ok(own)
    }
}

/// The index that a key is, written as JavaScript writes it.
fn index(key: &str) -> Option<u32> {
    let plain = key.starts_with(|first: char| first.is_ascii_digit()) && (key.len() == 1 || !key.starts_with('0'));
    if plain { key.parse().ok().filter(|index| *index < u32::MAX) } else { None }
}

/// The text of a property name; `None` for a symbol.
fn name_of(atom: &Atom<'_>) -> Result<Option<String>> {
    let value = atom.to_value()?;
    match value.as_string() {
        // A lone surrogate is no key of JSON.
        Some(text) => Ok(text.to_string().ok()),
        None => Ok(None),
    }
}

impl<'js> Trace<'js> for LazyObject<'js> {
    fn trace<'a>(&self, tracer: Tracer<'a, 'js>) {
        if let Some(parts) = self.parts.borrow().as_ref() {
            tracer.mark(parts.as_value());
        }
        if let Some(own) = self.own.borrow().as_ref() {
            tracer.mark(own.as_value());
        }
    }
}

impl<'js> JsClass<'js> for LazyObject<'js> {
    const NAME: &'static str = "Object";
    const KIND: ClassKind = ClassKind::Exotic;
    type Mutable = Readable;

    fn constructor(_ctx: &Ctx<'js>) -> Result<Option<Constructor<'js>>> {
        Ok(None)
    }

    fn exotic_get_property(this: &JsCell<'js, Self>, ctx: &Ctx<'js>, atom: Atom<'js>, _receiver: JsValue<'js>) -> Result<JsValue<'js>> {
        let this = this.borrow();
        if let Some(own) = this.own() {
            return own.get(atom);
        }
        if let Some(name) = name_of(&atom)?
            && let Some(value) = this.field(ctx, &name)?
        {
            return Ok(value);
        }
        Kit::of(ctx)?.lazy_prototype.get(atom)
    }

    fn exotic_set_property(this: &JsCell<'js, Self>, ctx: &Ctx<'js>, atom: Atom<'js>, _receiver: JsValue<'js>, value: JsValue<'js>) -> Result<bool> {
        super::count::once_more(&value);
        this.borrow().changed(ctx)?.set(atom, value)?;
        Ok(true)
    }

    fn exotic_delete_property(this: &JsCell<'js, Self>, ctx: &Ctx<'js>, atom: Atom<'js>) -> Result<bool> {
        this.borrow().changed(ctx)?.remove(atom)?;
        Ok(true)
    }

    fn exotic_has_property(this: &JsCell<'js, Self>, ctx: &Ctx<'js>, atom: Atom<'js>) -> Result<bool> {
        let this = this.borrow();
        if let Some(own) = this.own() {
            return own.contains_key(atom);
        }
        if name_of(&atom)?.is_some_and(|name| this.source.get().contains_key(&name)) {
            return Ok(true);
        }
        Kit::of(ctx)?.lazy_prototype.contains_key(atom)
    }

    fn exotic_get_own_property(this: &JsCell<'js, Self>, ctx: &Ctx<'js>, atom: Atom<'js>) -> Result<Option<PropertyDescriptor<'js>>> {
        let this = this.borrow();
        let value = match this.own() {
            Some(own) => {
                let is_own: bool = Kit::of(ctx)?.has_own.call((own.clone(), atom.to_value()?))?;
                if is_own { Some(own.get(atom)?) } else { None }
            }
            None => match name_of(&atom)? {
                Some(name) => this.field(ctx, &name)?,
                None => None,
            },
        };
        Ok(value.map(|value| PropertyDescriptor::new_value(value, true, true, true)))
    }

    fn exotic_get_own_property_names(this: &JsCell<'js, Self>, ctx: &Ctx<'js>) -> Result<Vec<PropertyName<'js>>> {
        let this = this.borrow();
        if let Some(own) = this.own() {
            let names = own.own_keys::<Atom<'js>>(Filter::new().string().symbol().enum_only());
            return names.map(|atom| Ok(PropertyName { atom: atom?, is_enumerable: true })).collect();
        }
        let keys = this.source.get().keys();
        // Keys that are indices come first, in their order, as in every object of JavaScript.
        let mut indices: Vec<(u32, &String)> = keys.clone().filter_map(|key| Some((index(key)?, key))).collect();
        indices.sort_by_key(|(index, _)| *index);
        let others = keys.filter(|key| index(key).is_none());
        let names = indices.iter().map(|(_, key)| *key).chain(others);
        names.map(|key| Ok(PropertyName { atom: Atom::from_str(ctx.clone(), key)?, is_enumerable: true })).collect()
    }
}

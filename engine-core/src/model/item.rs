//! Items, and the batches of them that flow along connections.
//!
//! An item is a handle: cloning one clones pointers, never JSON. A node that changes an item takes its JSON out with
//! [`Item::json_mut`], which copies only when somebody else still holds it.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value;

use super::Binary;

/// The JSON object of an item. Keys keep the order in which they were written.
pub type Json = serde_json::Map<String, Value>;

/// One item: a JSON object, files beside it, and where it came from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    json: Arc<Json>,
    binary: Option<Arc<BTreeMap<String, Binary>>>,
    paired: Paired,
    error: Option<Arc<Value>>,
}

impl Item {
    /// An item with this JSON object.
    pub fn new(json: Json) -> Self {
        Self::shared(Arc::new(json))
    }

    /// An item that shares a JSON object with others.
    pub fn shared(json: Arc<Json>) -> Self {
        Self { json, binary: None, paired: Paired::Unknown, error: None }
    }

    /// An item from any JSON value: an object is taken as it is, anything else is put under the key `value`.
    pub fn from_value(value: Value) -> Self {
        match value {
            Value::Object(json) => Self::new(json),
            other => Self::new(Json::from_iter([("value".to_owned(), other)])),
        }
    }

    /// The JSON object.
    pub fn json(&self) -> &Json {
        &self.json
    }

    /// The JSON object as a shared handle.
    pub fn shared_json(&self) -> &Arc<Json> {
        &self.json
    }

    /// The JSON object, to be changed; copied first when it is shared.
    pub fn json_mut(&mut self) -> &mut Json {
        Arc::make_mut(&mut self.json)
    }

    /// The files of the item by their key, where it has any.
    pub fn binary(&self) -> Option<&BTreeMap<String, Binary>> {
        self.binary.as_deref()
    }

    /// The files of the item, to be changed.
    pub fn binary_mut(&mut self) -> &mut BTreeMap<String, Binary> {
        Arc::make_mut(self.binary.get_or_insert_default())
    }

    /// Where the item came from.
    pub fn paired(&self) -> &Paired {
        &self.paired
    }

    /// The error that this item stands for, where it stands for one.
    pub fn error(&self) -> Option<&Value> {
        self.error.as_deref()
    }

    /// The same item with another JSON object.
    #[must_use]
    pub fn with_json(mut self, json: Json) -> Self {
        self.json = Arc::new(json);
        self
    }

    /// The same item with these files; none when the map is empty.
    #[must_use]
    pub fn with_binary(mut self, binary: BTreeMap<String, Binary>) -> Self {
        self.binary = (!binary.is_empty()).then(|| Arc::new(binary));
        self
    }

    /// The same item with the files of `other`, shared.
    #[must_use]
    pub fn with_binary_of(mut self, other: &Self) -> Self {
        self.binary.clone_from(&other.binary);
        self
    }

    /// The same item without files.
    #[must_use]
    pub fn without_binary(mut self) -> Self {
        self.binary = None;
        self
    }

    /// The same item, said to come from `paired`.
    #[must_use]
    pub fn paired_with(mut self, paired: impl Into<Paired>) -> Self {
        self.paired = paired.into();
        self
    }

    /// The same item, marked as standing for an error.
    #[must_use]
    pub fn with_error(mut self, error: Value) -> Self {
        self.error = Some(Arc::new(error));
        self
    }
}

impl From<Json> for Item {
    fn from(json: Json) -> Self {
        Self::new(json)
    }
}

/// Which items of the node's input an item was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Paired {
    /// The node did not say.
    #[default]
    Unknown,
    /// One input item.
    One(Link),
    /// Several input items.
    Many(Arc<[Link]>),
}

impl Paired {
    /// One item of the first input.
    pub fn item(index: usize) -> Self {
        Self::One(Link::new(index))
    }

    /// Several items.
    pub fn many(links: impl IntoIterator<Item = Link>) -> Self {
        Self::Many(links.into_iter().collect())
    }

    /// The links as a list.
    pub fn links(&self) -> &[Link] {
        match self {
            Self::Unknown => &[],
            Self::One(link) => std::slice::from_ref(link),
            Self::Many(links) => links,
        }
    }
}

impl From<Link> for Paired {
    fn from(link: Link) -> Self {
        Self::One(link)
    }
}

impl From<usize> for Paired {
    fn from(index: usize) -> Self {
        Self::item(index)
    }
}

/// A position in the input of the node that made an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Index of the item.
    pub item: u32,
    /// Index of the input.
    pub input: u16,
    /// When set, the item is looked up here instead of at the source of that input. Loops use it to lead back past themselves.
    pub source: Option<Arc<ItemSource>>,
}

impl Link {
    /// An item of the first input.
    pub fn new(item: usize) -> Self {
        Self::on(0, item)
    }

    /// An item of the given input.
    pub fn on(input: usize, item: usize) -> Self {
        Self { item: u32::try_from(item).unwrap_or(u32::MAX), input: u16::try_from(input).unwrap_or(u16::MAX), source: None }
    }

    /// The same link, looked up at `source`.
    #[must_use]
    pub fn via(mut self, source: Arc<ItemSource>) -> Self {
        self.source = Some(source);
        self
    }
}

/// An output of a run of a node: where the items of an input came from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ItemSource {
    /// Name of the node.
    pub node: Arc<str>,
    /// Its output port.
    pub output: u16,
    /// Which of its runs.
    pub run: u32,
}

/// A list of items, shared. Cloning it clones one pointer.
#[derive(Debug, Default, PartialEq)]
pub struct Batch(Option<Arc<[Item]>>);

impl Batch {
    /// No items.
    pub const EMPTY: Self = Self(None);

    /// The items.
    pub fn as_slice(&self) -> &[Item] {
        self.0.as_deref().unwrap_or_default()
    }

    /// True when both are the same list in memory, not only equal.
    pub fn same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }
}

impl Clone for Batch {
    #[inline]
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }

    /// Counts nothing where both are the same list already.
    #[inline]
    fn clone_from(&mut self, source: &Self) {
        if !self.same(source) {
            *self = source.clone();
        }
    }
}

impl Deref for Batch {
    type Target = [Item];

    fn deref(&self) -> &[Item] {
        self.as_slice()
    }
}

impl From<Vec<Item>> for Batch {
    fn from(items: Vec<Item>) -> Self {
        Self((!items.is_empty()).then(|| items.into()))
    }
}

impl FromIterator<Item> for Batch {
    fn from_iter<I: IntoIterator<Item = Item>>(items: I) -> Self {
        Self::from(items.into_iter().collect::<Vec<_>>())
    }
}

impl FromIterator<Json> for Batch {
    fn from_iter<I: IntoIterator<Item = Json>>(items: I) -> Self {
        items.into_iter().map(Item::new).collect()
    }
}

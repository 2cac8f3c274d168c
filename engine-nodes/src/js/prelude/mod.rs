//! The prelude: what a realm holds before the first script runs in it. It is JavaScript, in files beside this one; what they need of the engine
//! is given to them by `host`.

use rquickjs::{Ctx, Function, Object, Result};

use super::host;
use super::kit::Kit;
use super::realm::sloppy;

/// What a realm is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Expressions: no promises, a safe subset of `Object`.
    Expressions,
    /// Code nodes.
    Code,
}

/// Parts that are read when they are first needed.
const PARTS: &[(&str, &[(&str, &str)])] = &[
    ("functions", &[("functions", include_str!("functions.js"))]),
    (
        "extensions",
        &[
            ("strings", include_str!("extensions/strings.js")),
            ("numbers", include_str!("extensions/numbers.js")),
            ("objects", include_str!("extensions/objects.js")),
            ("arrays", include_str!("extensions/arrays.js")),
            ("dispatch", include_str!("extensions/dispatch.js")),
        ],
    ),
    (
        "luxon",
        &[
            ("duration", include_str!("luxon/duration.js")),
            ("datetime", include_str!("luxon/datetime.js")),
            ("methods", include_str!("luxon/methods.js")),
            ("interval", include_str!("luxon/interval.js")),
            ("luxon", include_str!("luxon/finish.js")),
        ],
    ),
    ("inspect", &[("inspect", include_str!("code/inspect.js"))]),
    ("buffer", &[("buffer", include_str!("code/buffer.js"))]),
    ("json", &[("json", include_str!("code/json.js"))]),
    ("web", &[("web", include_str!("code/web.js"))]),
    ("crypto", &[("crypto", include_str!("code/crypto.js"))]),
    ("intl", &[("intl", include_str!("intl.js"))]),
    ("dates", &[("dates", include_str!("extensions/dates.js"))]),
];

/// Fills a new context.
pub(super) fn install(ctx: &Ctx<'_>, purpose: Purpose) -> Result<()> {
    let host = host::object(ctx, purpose)?;
    let exports = Object::new(ctx.clone())?;
    run(ctx, (&host, &exports), "core", include_str!("core.js"))?;
    run(ctx, (&host, &exports), "guard", include_str!("guard.js"))?;
    run(ctx, (&host, &exports), "scope", include_str!("scope.js"))?;
    run(ctx, (&host, &exports), "locale", include_str!("locale.js"))?;
    run(ctx, (&host, &exports), "sort", include_str!("sort.js"))?;
    if purpose == Purpose::Code {
        run(ctx, (&host, &exports), "run", include_str!("code/run.js"))?;
    }
    run(ctx, (&host, &exports), "freeze", include_str!("freeze.js"))?;
    let kit = Kit::new(host, exports)?;
    ctx.store_userdata(kit)?;
    Ok(())
}

/// Reads a part that was left out so far.
pub(super) fn load(ctx: &Ctx<'_>, part: &str) -> Result<()> {
    let kit = Kit::of(ctx)?;
    let files = PARTS.iter().find(|(name, _)| *name == part).map_or(&[][..], |(_, files)| files);
    for (name, source) in files {
        run(ctx, (&kit.host, &kit.exports), name, source)?;
    }
    Ok(())
}

fn run<'js>(ctx: &Ctx<'js>, (host, exports): (&Object<'js>, &Object<'js>), name: &str, source: &str) -> Result<()> {
    let part: Function<'js> = ctx.eval_with_options(source, sloppy(name))?;
    part.call((host.clone(), exports.clone()))
}

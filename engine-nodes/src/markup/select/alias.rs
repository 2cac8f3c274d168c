//! Pseudo-classes that are short for other selectors.

/// What a pseudo-class is short for.
pub(super) fn expansion(name: &str) -> Option<&'static str> {
    const ALIASES: &[(&str, &str)] = &[
        ("any-link", ":is(a, area, link)[href]"),
        ("link", ":is(a, area, link)[href]"),
        (
            "disabled",
            ":is(:is(button, input, select, textarea, optgroup, option)[disabled], optgroup[disabled] > option, \
             fieldset[disabled] :is(button, input, select, textarea))",
        ),
        ("enabled", ":is(button, input, select, textarea, optgroup, option):not(:disabled)"),
        ("checked", ":is(:is(input[type=radio], input[type=checkbox])[checked], :selected)"),
        ("required", ":is(input, select, textarea)[required]"),
        ("optional", ":is(input, select, textarea):not([required])"),
        ("selected", "option:is([selected], select:not([multiple]):not(:has(> option[selected])) > :first-of-type)"),
        ("checkbox", "[type=checkbox]"),
        ("file", "[type=file]"),
        ("password", "[type=password]"),
        ("radio", "[type=radio]"),
        ("reset", "[type=reset]"),
        ("image", "[type=image]"),
        ("submit", "[type=submit]"),
        ("parent", ":not(:empty)"),
        ("header", ":is(h1, h2, h3, h4, h5, h6)"),
        ("button", ":is(button, input[type=button])"),
        ("input", ":is(input, textarea, select, button)"),
        ("text", "input:is(:not([type]), [type=''], [type=text])"),
    ];
    ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, expansion)| *expansion)
}

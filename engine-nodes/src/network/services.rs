//! How well-known services want their secrets: by n8n's name for the type of credential.

/// A place for a secret, and the credential's field that holds it.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// A header: name, what stands before the secret, field.
    Header(&'static str, &'static str, &'static str),
    /// A query parameter: name, field.
    Query(&'static str, &'static str),
    /// Name and password by their fields; a text in quotes stands for itself.
    Basic(&'static str, &'static str),
}

/// How credentials of this type are sent; `None` for types that are not known.
pub(super) fn how(kind: &str) -> Option<&'static [How]> {
    SERVICES.iter().find(|(name, _)| *name == kind).map(|(_, how)| *how)
}

/// Where a service renews the tokens of credentials of this type, which do not say so themselves.
pub(super) fn token_url(kind: &str) -> Option<&'static str> {
    TOKEN_URLS.iter().find(|(prefix, _)| kind.starts_with(prefix)).map(|(_, url)| *url)
}

/// Where a credential of this type is tried out: an address of the service that tells whoever asks about themselves, and changes nothing.
///
/// `own` is the server that the credential names itself; where that is another one, nothing is known of its addresses.
pub(super) fn probe(kind: &str, own: &str) -> Option<&'static str> {
    PROBES.iter().find(|(name, _)| *name == kind).map(|(_, url)| *url).filter(|url| url.starts_with(own.trim_end_matches('/')))
}

const PROBES: &[(&str, &str)] = &[
    ("airtableTokenApi", "https://api.airtable.com/v0/meta/whoami"),
    ("asanaApi", "https://app.asana.com/api/1.0/users/me"),
    ("calendlyApi", "https://api.calendly.com/users/me"),
    ("clickUpApi", "https://api.clickup.com/api/v2/user"),
    ("cloudflareApi", "https://api.cloudflare.com/client/v4/user/tokens/verify"),
    ("deepSeekApi", "https://api.deepseek.com/models"),
    ("discordBotApi", "https://discord.com/api/v10/users/@me"),
    ("figmaApi", "https://api.figma.com/v1/me"),
    ("githubApi", "https://api.github.com/user"),
    ("gitlabApi", "https://gitlab.com/api/v4/user"),
    ("groqApi", "https://api.groq.com/openai/v1/models"),
    ("huggingFaceApi", "https://huggingface.co/api/whoami-v2"),
    ("mistralCloudApi", "https://api.mistral.ai/v1/models"),
    ("openAiApi", "https://api.openai.com/v1/models"),
    ("pipedriveApi", "https://api.pipedrive.com/v1/users/me"),
    ("sendGridApi", "https://api.sendgrid.com/v3/scopes"),
    ("stripeApi", "https://api.stripe.com/v1/balance"),
    ("trelloApi", "https://api.trello.com/1/members/me"),
    ("twilioApi", "https://api.twilio.com/2010-04-01/Accounts.json"),
    ("typeformApi", "https://api.typeform.com/me"),
];

/// Beginnings of n8n's names of credential types.
const TOKEN_URLS: &[(&str, &str)] = &[
    ("dropbox", "https://api.dropboxapi.com/oauth2/token"),
    ("gmail", "https://oauth2.googleapis.com/token"),
    ("google", "https://oauth2.googleapis.com/token"),
    ("hubspot", "https://api.hubapi.com/oauth/v1/token"),
    ("microsoft", "https://login.microsoftonline.com/common/oauth2/v2.0/token"),
    ("youTube", "https://oauth2.googleapis.com/token"),
];

const fn bearer(field: &'static str) -> How {
    How::Header("authorization", "Bearer ", field)
}

const fn plain(name: &'static str, field: &'static str) -> How {
    How::Header(name, "", field)
}

const API_KEY: &[How] = &[bearer("apiKey")];
const ACCESS_TOKEN: &[How] = &[bearer("accessToken")];

const SERVICES: &[(&str, &[How])] = &[
    ("activeCampaignApi", &[plain("api-token", "apiKey")]),
    ("airtableTokenApi", ACCESS_TOKEN),
    ("anthropicApi", &[plain("x-api-key", "apiKey")]),
    ("asanaApi", ACCESS_TOKEN),
    ("calendlyApi", API_KEY),
    ("clickUpApi", &[plain("authorization", "accessToken")]),
    ("cloudflareApi", &[bearer("apiToken")]),
    ("cohereApi", API_KEY),
    ("deepSeekApi", API_KEY),
    ("discordBotApi", &[How::Header("authorization", "Bot ", "botToken")]),
    ("figmaApi", &[plain("x-figma-token", "accessToken")]),
    ("freshdeskApi", &[How::Basic("apiKey", "'X'")]),
    ("githubApi", &[How::Header("authorization", "token ", "accessToken")]),
    ("gitlabApi", &[plain("private-token", "accessToken")]),
    ("grafanaApi", API_KEY),
    ("groqApi", API_KEY),
    ("hubspotAppToken", &[bearer("appToken")]),
    ("huggingFaceApi", API_KEY),
    ("jiraSoftwareCloudApi", &[How::Basic("email", "apiToken")]),
    ("linearApi", &[plain("authorization", "apiKey")]),
    ("mailchimpApi", &[How::Header("authorization", "apikey ", "apiKey")]),
    ("mailgunApi", &[How::Basic("'api'", "apiKey")]),
    ("mistralCloudApi", API_KEY),
    ("mondayComApi", &[bearer("apiToken")]),
    ("notionApi", API_KEY),
    ("openAiApi", API_KEY),
    ("openRouterApi", API_KEY),
    ("perplexityApi", API_KEY),
    ("pineconeApi", &[plain("api-key", "apiKey")]),
    ("pipedriveApi", &[How::Query("api_token", "apiToken")]),
    ("qdrantApi", &[plain("api-key", "apiKey")]),
    ("sendGridApi", API_KEY),
    ("sendInBlueApi", &[plain("api-key", "apiKey")]),
    ("serpApi", &[How::Query("api_key", "apiKey")]),
    ("shopifyAccessTokenApi", &[plain("x-shopify-access-token", "accessToken")]),
    ("slackApi", ACCESS_TOKEN),
    ("stripeApi", &[bearer("secretKey")]),
    ("supabaseApi", &[plain("apikey", "serviceRole"), bearer("serviceRole")]),
    ("todoistApi", API_KEY),
    ("trelloApi", &[How::Query("key", "apiKey"), How::Query("token", "apiToken")]),
    ("twilioApi", &[How::Basic("accountSid", "authToken")]),
    ("typeformApi", ACCESS_TOKEN),
    ("wooCommerceApi", &[How::Basic("consumerKey", "consumerSecret")]),
    ("wordpressApi", &[How::Basic("username", "password")]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_stands_once_in_order() {
        assert!(SERVICES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(PROBES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(PROBES.iter().all(|(kind, _)| how(kind).is_some()), "what is probed has to be sent");
    }

    #[test]
    fn a_server_of_ones_own_is_not_probed_elsewhere() {
        let check = |own: &str, expect: bool| assert_eq!(probe("githubApi", own).is_some(), expect, "{own}");
        check("", true);
        check("https://api.github.com/", true);
        check("https://github.corp.example", false);
        check("https://api.github.com.evil.example", false);
    }
}

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
    }
}

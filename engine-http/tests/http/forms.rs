//! Forms of several pages, as a browser without scripts goes through them.

use std::sync::Arc;

use engine_core::Workflow;
use engine_core::model::NodeDefinition;
use engine_core::model::NodeVersion;
use engine_core::runtime::{Runtime, TokioRuntime};
use engine_core::store::{MemoryStore, Stores};
use engine_http::Config;
use reqwest::multipart;
use serde_json::{Value, json};

use crate::server::{Server, chain, header, send, send_json};

fn node(name: &str, kind: &str, version: f64, parameters: &Value) -> NodeDefinition {
    let mut node = NodeDefinition::new(name, kind);
    node.version = NodeVersion::from_f64(version);
    node.parameters = parameters.as_object().cloned().expect("an object");
    node
}

fn trigger(parameters: &Value) -> NodeDefinition {
    let mut all = json!({"path": "sign-up", "formTitle": "Sign up", "formFields": {"values": [{"fieldLabel": "Name", "requiredField": true}]}});
    all.as_object_mut().expect("an object").extend(parameters.as_object().cloned().expect("an object"));
    node("On form", "n8n-nodes-base.formTrigger", 2.2, &all)
}

fn page(name: &str, parameters: &Value) -> NodeDefinition {
    node(name, "n8n-nodes-base.form", 1.0, parameters)
}

/// A page with one field.
fn asks(label: &str) -> NodeDefinition {
    page(label, &json!({"formFields": {"values": [{"fieldLabel": label}]}, "options": {"formTitle": format!("Page {label}")}}))
}

fn ends(parameters: &Value) -> NodeDefinition {
    let mut all = json!({"operation": "completion"});
    all.as_object_mut().expect("an object").extend(parameters.as_object().cloned().expect("an object"));
    page("End", &all)
}

fn flow(rest: impl IntoIterator<Item = NodeDefinition>) -> Workflow {
    chain("form", trigger(&json!({})), rest)
}

/// What a browser shows: an address and a page, after it was sent on as often as it was told to.
struct Browser<'s> {
    server: &'s Server,
    address: String,
    status: u16,
    html: String,
}

impl<'s> Browser<'s> {
    async fn open(server: &'s Server, address: &str) -> Self {
        let mut browser = Self { server, address: address.to_owned(), status: 0, html: String::new() };
        browser.load(server.get(address)).await;
        browser
    }

    async fn load(&mut self, request: reqwest::RequestBuilder) {
        let mut response = request.send().await.expect("an answer");
        while response.status() == 303 {
            let to = header(&response, "location");
            assert!(to.starts_with('/'), "it leads elsewhere: {to}");
            self.address = to;
            response = self.server.get(&self.address).send().await.expect("an answer");
        }
        self.status = response.status().as_u16();
        self.html = response.text().await.expect("a page");
    }

    /// Where the form on the page is sent, and what is sent along.
    fn form(&self) -> (String, Vec<(String, String)>) {
        let tag = self.html.split("<form").nth(1).and_then(|rest| rest.split('>').next()).expect("a form");
        let action = tag.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().replace("&amp;", "&");
        let place = self.address.split('?').next().unwrap_or_default();
        let to = if action.is_empty() { self.address.clone() } else { format!("{place}{action}") };
        let part = |input: &str, name: &str| {
            input.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
        };
        let hidden = self.html.split("<input ").filter(|input| input.starts_with("type=\"hidden\""));
        (to, hidden.map(|input| (part(input, "name"), unescape(&part(input, "value")))).collect())
    }

    async fn send(&mut self, fields: &[(&str, &str)]) {
        let (to, hidden) = self.form();
        let own = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let all: Vec<(String, String)> = hidden.into_iter().chain(own).collect();
        self.load(self.server.post(&to).form(&all)).await;
    }

    fn shows(&self, text: &str) {
        assert!(self.html.contains(text), "{} does not show {text:?}: {}", self.address, self.html);
    }
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

async fn executions(server: &Server) -> Vec<Value> {
    let (_, listed) = send_json(server.get("/api/v1/executions")).await;
    listed["data"].as_array().cloned().unwrap_or_default()
}

/// The items that nodes gave, by name, of the only execution.
async fn given(server: &Server, node: &str) -> Value {
    let all = executions(server).await;
    assert_eq!(all.len(), 1, "{all:?}");
    let id = all[0]["id"].as_str().expect("an id");
    let (_, execution) = send_json(server.get(&format!("/api/v1/executions/{id}"))).await;
    execution["data"]["nodes"][node][0]["outputs"][0].clone()
}

fn stores() -> Stores {
    let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime::current());
    Stores::of(&Arc::new(MemoryStore::new(runtime)))
}

async fn stored(stores: &Stores) -> Server {
    let key = vec![7; 32];
    Server::start(Config::default().with(|config| (config.stores, config.signing_key) = (Some(stores.clone()), Some(key)))).await
}

#[tokio::test]
async fn a_browser_without_scripts_goes_from_the_first_page_to_the_end() {
    let all = json!({"formFields": {"values": [
        {"fieldLabel": "Age", "fieldType": "number", "requiredField": true},
        {"fieldLabel": "Day", "fieldType": "date"},
        {"fieldLabel": "Colours", "fieldType": "checkbox", "fieldOptions": {"values": [{"option": "red"}, {"option": "green"}]}},
        {"fieldLabel": "Size", "fieldType": "radio", "fieldOptions": {"values": [{"option": "small"}, {"option": "large"}]}},
        {"fieldType": "hiddenField", "fieldName": "for", "fieldValue": "={{ $json.Name }}"},
        {"fieldType": "html", "html": "<p>Hello {{ $json.Name }}</p>"},
    ]}, "options": {"formDescription": "=For {{ $json.Name }}", "buttonLabel": "Go on"}});
    let end = ends(&json!({"completionTitle": "=Done, {{ $('On form').item.json.Name }}", "completionMessage": "You are <b>{{ 1 }}</b>"}));
    for server in [Server::with([flow([page("More", &all), end.clone()])]).await, {
        let server = stored(&stores()).await;
        server.service.activate(flow([page("More", &all), end.clone()])).expect("it can be served");
        server
    }] {
        let mut browser = Browser::open(&server, "/form/sign-up?Age=41&Name=You").await;
        browser.shows("<h1>Sign up</h1>");
        browser.shows("value=\"You\"");
        browser.send(&[("field-0", "Ada & <i>co</i>")]).await;
        assert!(browser.address.starts_with("/form-waiting/"), "{}", browser.address);
        for text in ["For Ada & <i>co</i>", "<p>Hello Ada & <i>co</i></p>", "Go on</button>", "value=\"Ada &amp; &lt;i&gt;co&lt;/i&gt;\""] {
            browser.shows(text);
        }
        browser.shows("value=\"41\"");
        let fields = [("field-0", "36"), ("field-1", "2026-11-29"), ("field-2", "red"), ("field-2", "green"), ("field-3", "large")];
        browser.send(&fields).await;
        browser.shows("<h1>Done, Ada &amp; &lt;i&gt;co&lt;/i&gt;</h1>");
        let item = given(&server, "More").await[0]["json"].clone();
        assert_eq!((&item["Age"], &item["Day"], &item["Size"]), (&json!(36), &json!("2026-11-29"), &json!("large")));
        assert_eq!((&item["Colours"], &item["for"]), (&json!(["red", "green"]), &json!("Ada & <i>co</i>")));
        assert_eq!(item["formMode"], "production");
        assert!(item["submittedAt"].as_str().is_some_and(|at| at.starts_with("20") && at.contains('T')), "{item}");
        let again = Browser::open(&server, &browser.address).await;
        again.shows("<h1>Done, Ada");
        assert_eq!(executions(&server).await[0]["status"], "success");
    }
}

/// Breaks when a page is kept in the process that showed the one before.
#[tokio::test]
async fn each_page_may_be_served_by_another_process() {
    let stores = stores();
    let (one, two) = (stored(&stores).await, stored(&stores).await);
    one.service.activate(flow([asks("A"), asks("B"), ends(&json!({"completionTitle": "Thanks"}))])).expect("it can be served");
    let mut browser = Browser::open(&one, "/form/sign-up").await;
    browser.send(&[("field-0", "Ada")]).await;
    browser.shows("<h1>Page A</h1>");
    browser.server = &two;
    browser.send(&[("field-0", "a")]).await;
    browser.shows("<h1>Page B</h1>");
    browser.server = &one;
    browser.send(&[("field-0", "b")]).await;
    browser.shows("<h1>Thanks</h1>");
    Browser::open(&two, &browser.address).await.shows("<h1>Thanks</h1>");
}

/// Breaks when what is sent is given to whatever page is waited for.
#[tokio::test]
async fn a_page_that_is_sent_twice_counts_once() {
    for stores in [None, Some(stores())] {
        let server = Server::start(Config::default().with(|config| config.stores = stores)).await;
        server.service.activate(flow([asks("A"), asks("B"), ends(&json!({"completionTitle": "Thanks"}))])).expect("it can be served");
        let mut browser = Browser::open(&server, "/form/sign-up").await;
        let (first, hidden) = browser.form();
        browser.send(&[("field-0", "Ada")]).await;
        let here = browser.address.clone();
        let mut again = hidden.clone();
        again.push(("field-0".to_owned(), "Ada".to_owned()));
        browser.load(server.post(&first).form(&again)).await;
        assert_eq!(browser.address, here, "the first page starts one execution");
        browser.shows("<h1>Page A</h1>");
        let (second, _) = browser.form();
        browser.send(&[("field-0", "once")]).await;
        browser.shows("<h1>Page B</h1>");
        browser.load(server.post(&second).form(&[("field-0", "twice")])).await;
        browser.shows("<h1>Page B</h1>");
        Browser::open(&server, &here).await.shows("<h1>Page B</h1>");
        browser.send(&[("field-0", "b")]).await;
        browser.shows("<h1>Thanks</h1>");
        assert_eq!(given(&server, "A").await[0]["json"]["A"], "once");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_and_starts_nothing() {
    let number = page("N", &json!({"formFields": {"values": [{"fieldLabel": "N", "fieldType": "number"}, {"fieldLabel": "T"}]}}));
    let server = Server::with([flow([number])]).await;
    let mut browser = Browser::open(&server, "/form/sign-up").await;
    browser.send(&[("field-0", "  ")]).await;
    assert_eq!((browser.status, executions(&server).await.len()), (422, 0));
    browser.shows("Fill this in.");
    browser.send(&[("field-0", "Ada")]).await;
    browser.send(&[("field-0", "many"), ("field-1", "\"kept\"")]).await;
    assert_eq!(browser.status, 422);
    browser.shows("Enter a number.");
    browser.shows("value=\"&quot;kept&quot;\"");
    browser.send(&[("field-0", "7"), ("field-1", "x")]).await;
    browser.shows("Your response has been recorded.");
}

#[tokio::test]
async fn without_its_signature_a_page_is_worth_nothing() {
    let server = Server::with([flow([asks("A")])]).await;
    let mut browser = Browser::open(&server, "/form/sign-up").await;
    browser.send(&[("field-0", "Ada")]).await;
    let (bare, signature) = browser.address.split_once("?signature=").expect("a signed address");
    for address in
        [bare.to_owned(), format!("{bare}?signature=x{signature}"), "/form-waiting/018f0000-0000-7000-8000-000000000000?signature=x".to_owned()]
    {
        assert_eq!(send(server.get(&address)).await.0, 401, "{address}");
        assert_eq!(send(server.post(&address).form(&[("field-0", "x")])).await.0, 401, "{address}");
    }
    let webhook = browser.address.replace("/form-waiting/", "/webhook-waiting/");
    assert_eq!(send(server.post(&webhook)).await.0, 404, "a page is no webhook");
    assert_eq!(send(server.request("PUT", &browser.address)).await.0, 405);
}

#[tokio::test]
async fn nothing_that_is_data_becomes_a_page_that_runs() {
    let evil = "</title></style><script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let all = json!({"defineForm": "json", "jsonOutput": json!([
        {"fieldLabel": evil, "placeholder": evil, "defaultValue": evil},
        {"fieldLabel": evil, "fieldType": "dropdown", "fieldOptions": {"values": [{"option": evil}]}},
        {"fieldLabel": evil, "fieldType": "checkbox", "fieldOptions": {"values": [{"option": evil}]}},
        {"fieldLabel": evil, "fieldType": "file", "acceptFileTypes": evil},
        {"fieldType": "hiddenField", "fieldName": evil, "fieldValue": evil},
        {"fieldType": "html", "html": evil},
    ]).to_string(), "options": {"formTitle": evil, "formDescription": evil, "buttonLabel": evil, "customCss": evil}});
    let end = ends(&json!({"completionTitle": evil, "completionMessage": evil, "options": {"formTitle": evil, "customCss": evil}}));
    let server = Server::with([flow([page("More", &all), end])]).await;
    let check = |html: &str| {
        let harmless = html.replace("&lt;script&gt;", "");
        assert!(!harmless.to_lowercase().contains("<script") && !harmless.contains("<img src=x") && !harmless.contains("<img src=\"x"), "{html}");
        assert_eq!((html.matches("</title>").count(), html.matches("</style>").count()), (1, html.matches("<style>").count()), "{html}");
    };
    let mut browser =
        Browser::open(&server, &format!("/form/sign-up?Name={}", percent_encoding::utf8_percent_encode(evil, percent_encoding::NON_ALPHANUMERIC)))
            .await;
    check(&browser.html);
    browser.send(&[("field-0", evil)]).await;
    browser.shows("type=\"file\"");
    check(&browser.html);
    let response = server.get(&browser.address).send().await.expect("an answer");
    let policy = header(&response, "content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("script-src") && !policy.contains("unsafe"), "{policy}");
    assert_eq!((header(&response, "referrer-policy").as_str(), header(&response, "cache-control").as_str()), ("no-referrer", "no-store"));
    browser.send(&[]).await;
    check(&browser.html);
    browser.shows("<div class=\"lead\" role=\"status\">");
}

#[tokio::test]
async fn the_end_is_a_page_an_address_a_text_or_a_file() {
    let last = async |end: Value| {
        let server = Server::with([flow([asks("A"), ends(&end)])]).await;
        let mut browser = Browser::open(&server, "/form/sign-up").await;
        browser.send(&[("field-0", "Ada")]).await;
        let (to, _) = browser.form();
        let address = browser.address.clone();
        assert_eq!(server.post(&to).form(&[("field-0", "a")]).send().await.expect("an answer").status(), 303);
        let response = server.get(&address).send().await.expect("an answer");
        (server, address, response)
    };
    let (_, _, response) = last(json!({"respondWith": "redirect", "redirectUrl": "=example.com/?name={{ $json.A }}"})).await;
    assert_eq!((response.status().as_u16(), header(&response, "location").as_str()), (303, "http://example.com/?name=a"));
    let (_, _, response) = last(json!({"respondWith": "redirect", "redirectUrl": "javascript://x/%0aalert(1)"})).await;
    assert_eq!(response.status(), 500, "no address of a web page");
    let (_, _, response) = last(json!({"respondWith": "showText", "responseText": "<h1>{{ not evaluated }}</h1><script>1</script>"})).await;
    assert!(header(&response, "content-security-policy").starts_with("sandbox"));
    assert!(!header(&response, "content-security-policy").contains("allow-same-origin"));
    assert_eq!(response.text().await.expect("a page"), "<h1>{{ not evaluated }}</h1><script>1</script>");
}

#[tokio::test]
async fn a_file_that_was_sent_can_be_handed_back() {
    let upload = page("Upload", &json!({"formFields": {"values": [{"fieldLabel": "My file", "fieldType": "file", "requiredField": true}]}}));
    let end = ends(&json!({"respondWith": "returnBinary", "inputDataFieldName": "My_file", "completionTitle": "Here it is"}));
    let server = Server::with([flow([upload, asks("A"), end])]).await;
    let mut browser = Browser::open(&server, "/form/sign-up").await;
    browser.send(&[("field-0", "Ada")]).await;
    let (to, _) = browser.form();
    let none = multipart::Part::bytes(Vec::new()).file_name("").mime_str("application/octet-stream").expect("a type");
    browser.load(server.post(&to).multipart(multipart::Form::new().part("field-0", none))).await;
    assert_eq!(browser.status, 422);
    browser.shows("Choose a file.");
    let file = |name: &str| multipart::Part::bytes(vec![b'x'; 20_000]).file_name(name.to_owned()).mime_str("text/plain").expect("a type");
    let two = multipart::Form::new().part("field-0", file("a b\".txt")).part("field-0", file("b.txt"));
    browser.load(server.post(&to).multipart(two)).await;
    browser.shows("<h1>Page A</h1>");
    browser.send(&[("field-0", "a")]).await;
    assert_eq!(browser.status, 500, "there are two, under other names");
    let item = given(&server, "Upload").await[0].clone();
    assert_eq!(item["json"]["My file"][1], json!({"filename": "b.txt", "mimetype": "text/plain", "size": 20_000}));
    assert_eq!(item["binary"].as_object().expect("files").keys().collect::<Vec<_>>(), ["My_file_0", "My_file_1"]);
}

#[tokio::test]
async fn a_file_is_offered_on_the_last_page() {
    let upload = page("Upload", &json!({"formFields": {"values": [{"fieldLabel": "F", "fieldType": "file"}]}}));
    let end = ends(&json!({"respondWith": "returnBinary", "inputDataFieldName": "F", "completionTitle": "Here it is"}));
    let server = Server::with([flow([upload, asks("A"), end])]).await;
    let mut browser = Browser::open(&server, "/form/sign-up").await;
    browser.send(&[("field-0", "Ada")]).await;
    let (to, _) = browser.form();
    let file = multipart::Part::bytes(b"<script>1</script>".to_vec()).file_name("a\"b.html").mime_str("text/html").expect("a type");
    browser.load(server.post(&to).multipart(multipart::Form::new().part("field-0", file))).await;
    browser.send(&[("field-0", "a")]).await;
    browser.shows("<h1>Here it is</h1>");
    let link = browser.html.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link").replace("&amp;", "&");
    let place = browser.address.split('?').next().expect("a path");
    let response = server.get(&format!("{place}{link}")).send().await.expect("an answer");
    assert_eq!(header(&response, "content-disposition"), "attachment; filename*=UTF-8''a%22b%2Ehtml");
    assert_eq!(header(&response, "content-security-policy"), "sandbox");
    assert_eq!(response.text().await.expect("a file"), "<script>1</script>");
}

#[tokio::test]
async fn a_form_of_one_page_says_thanks() {
    let shown = async |parameters: Value| {
        let server = Server::with([chain("form", trigger(&parameters), [NodeDefinition::new("After", "no_op")])]).await;
        let browser = Browser::open(&server, "/form/sign-up").await;
        let (to, mut fields) = browser.form();
        fields.push(("field-0".to_owned(), "Ada".to_owned()));
        let twice =
            (server.post(&to).form(&fields).send().await.expect("an answer"), server.post(&to).form(&fields).send().await.expect("an answer"));
        assert_eq!(executions(&server).await.len(), 1, "sent twice");
        assert_eq!(twice.0.status(), twice.1.status());
        let item = given(&server, "On form").await[0]["json"].clone();
        assert_eq!((item["Name"].as_str(), item.get("engine-page")), (Some("Ada"), None));
        fields.push(("field-1".to_owned(), "another".to_owned()));
        assert_eq!(server.post(&to).form(&fields).send().await.expect("an answer").status(), twice.0.status());
        assert_eq!(executions(&server).await.len(), 2, "filled in anew");
        (twice.0.status().as_u16(), header(&twice.0, "location"), twice.0.text().await.expect("a page"))
    };
    let (status, _, html) = shown(json!({})).await;
    assert!(status == 200 && html.contains("Your response has been recorded."), "{html}");
    let text = |text: &str| json!({"options": {"respondWithOptions": {"values": {"respondWith": "text", "formSubmittedText": text}}}});
    assert!(shown(text("Got <b>it</b>")).await.2.contains("Got <b>it</b>"));
    let to = json!({"options": {"respondWithOptions": {"values": {"respondWith": "redirect", "redirectUrl": "https://example.com/x"}}}});
    assert_eq!(shown(to).await.1, "https://example.com/x");
    assert!(shown(json!({"responseMode": "lastNode"})).await.1.starts_with("/form-waiting/"), "the end is waited for there");
}

/// Breaks when the end is looked for in the execution alone.
#[tokio::test]
async fn the_end_is_shown_where_nothing_else_is_kept() {
    for kept in ["none", "finalState"] {
        let (stores, end) = (stores(), ends(&json!({"respondWith": "redirect", "redirectUrl": "https://example.com/end"})));
        let (one, two) = (stored(&stores).await, stored(&stores).await);
        let mut workflow = flow([asks("A"), end]);
        workflow.settings.extra.insert("saveDataSuccessExecution".to_owned(), json!(kept));
        one.service.activate(workflow).expect("it can be served");
        let mut browser = Browser::open(&one, "/form/sign-up").await;
        browser.send(&[("field-0", "Ada")]).await;
        let (to, address) = (browser.form().0, browser.address.clone());
        assert_eq!(one.post(&to).form(&[("field-0", "a")]).send().await.expect("an answer").status(), 303);
        for server in [&one, &two, &one] {
            let response = server.get(&address).send().await.expect("an answer");
            assert_eq!((response.status().as_u16(), header(&response, "location").as_str()), (303, "https://example.com/end"), "{kept}");
        }
    }
}

#[tokio::test]
async fn a_failed_workflow_does_not_say_why() {
    let stop = NodeDefinition::new("Stop", "stop_and_error").parameter("errorMessage", "secret detail");
    let server = Server::with([flow([asks("A"), stop])]).await;
    let mut browser = Browser::open(&server, "/form/sign-up").await;
    browser.send(&[("field-0", "Ada")]).await;
    browser.send(&[("field-0", "a")]).await;
    assert_eq!(browser.status, 500);
    browser.shows("Something went wrong");
    assert!(!browser.html.contains("secret detail"));
}

#[tokio::test]
async fn wait_on_form_asks_as_well() {
    let wait = json!({"resume": "form", "formTitle": "Really?", "formDescription": "={{ $execution.resumeFormUrl }}", "formFields": {"values": [{"fieldLabel": "Yes"}]}, "options": {"webhookSuffix": "sure"}});
    let server = Server::with([flow([node("Wait", "n8n-nodes-base.wait", 1.1, &wait)])]).await;
    let mut browser = Browser::open(&server, "/form/sign-up").await;
    browser.send(&[("field-0", "Ada")]).await;
    browser.shows("<h1>Really?</h1>");
    browser.shows(&format!("{}</div>", browser.address));
    Browser::open(&server, &browser.address.replace('?', "/sure?")).await.shows("<h1>Really?</h1>");
    browser.send(&[("field-0", "yes")]).await;
    browser.shows("Your response has been recorded.");
    assert_eq!(given(&server, "Wait").await[0]["json"]["Yes"], "yes");
}

#[tokio::test]
async fn a_password_is_asked_for_until_it_is_right() {
    let mut first = trigger(&json!({"authentication": "basicAuth"}));
    first.credentials.insert("httpBasicAuth".to_owned(), serde_json::from_value(json!({"id": "1", "name": "mine"})).expect("a reference"));
    let server = Server::with([chain("form", first, [])]).await;
    for request in [server.get("/form/sign-up"), server.get("/form/sign-up").basic_auth("ada", Some("wrong")), server.post("/form/sign-up")] {
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 401);
        assert!(header(&response, "www-authenticate").starts_with("Basic"));
    }
    assert_eq!(send(server.get("/form/sign-up").basic_auth("ada", Some("pass:word"))).await.0, 200);
}

#[tokio::test]
async fn a_wait_that_is_limited_goes_on_without_an_answer() {
    let mut limited = asks("A");
    limited.parameters.extend(json!({"limitWaitTime": true, "resumeAmount": 0.2, "resumeUnit": "seconds"}).as_object().cloned().expect("an object"));
    let server = Server::with([flow([limited, ends(&json!({"completionTitle": "Too late"}))])]).await;
    let mut browser = Browser::open(&server, "/form/sign-up").await;
    browser.send(&[("field-0", "Ada")]).await;
    let (to, _) = browser.form();
    let id = executions(&server).await[0]["id"].as_str().expect("an id").to_owned();
    while executions(&server).await[0]["status"] == "waiting" {
        tokio::task::yield_now().await;
    }
    browser.load(server.post(&to).form(&[("field-0", "late")])).await;
    browser.shows("<h1>Too late</h1>");
    assert!(browser.address.contains(&id));
}

#[tokio::test]
async fn a_form_that_is_tried_out_is_seen_and_sent() {
    let server = Server::start(Config::default()).await;
    let first = json!({"id": "1", "name": "On form", "type": "form_trigger", "typeVersion": 2, "parameters": trigger(&json!({})).parameters});
    let more = json!({"id": "2", "name": "More", "type": "form", "typeVersion": 1, "parameters": asks("A").parameters});
    let flow = json!({"name": "trial", "nodes": [first, more], "connections": [{"source": "On form", "target": "More"}]});
    let response = server.post("/api/v1/workflows").json(&flow).send().await.expect("an answer");
    let path = header(&response, "location");
    assert_eq!(send(server.get("/form-test/sign-up")).await.0, 404, "nobody has asked for it");
    let (_, opened) = send_json(server.post(&format!("{path}/test-webhook"))).await;
    assert_eq!(opened["webhooks"][0]["path"], "/form-test/sign-up", "{opened}");
    let mut browser = Browser::open(&server, "/form-test/sign-up").await;
    browser.send(&[("field-0", "Ada")]).await;
    browser.send(&[("field-0", "a")]).await;
    browser.shows("Your response has been recorded.");
    assert_eq!(given(&server, "More").await[0]["json"]["formMode"], "test");
}

#[tokio::test]
async fn forms_are_no_webhooks_and_webhooks_no_forms() {
    let hook = crate::server::echo("plain", json!({}));
    let server = Server::with([hook, flow([])]).await;
    assert_eq!(send(server.post("/form/plain")).await.0, 404);
    assert_eq!(send(server.get("/form/nowhere")).await.0, 404);
    assert_eq!(send(server.request("PUT", "/form/sign-up")).await.0, 405);
    assert_eq!(send(server.request("HEAD", "/form/sign-up")).await, (200, "text/html; charset=utf-8".to_owned(), String::new()));
    assert_eq!(send(server.request("HEAD", "/webhook/plain")).await.0, 405, "its author chose POST");
}

#[tokio::test]
async fn an_address_without_a_form_shows_a_page_to_people() {
    let server = Server::start(Config::default()).await;
    for path in ["/form/none", "/form-test/none"] {
        let (status, kind, body) = send(server.get(path).header("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")).await;
        assert_eq!((status, kind.as_str()), (404, "text/html; charset=utf-8"), "{path}");
        assert!(body.contains("There is no form here"), "{body}");
        let head = server.request("HEAD", path).header("accept", "*/*");
        assert_eq!(send(head).await, (404, "text/html; charset=utf-8".to_owned(), String::new()), "{path}");
        assert_eq!(send(server.get(path).header("accept", "application/json")).await.1, "application/json", "{path}");
    }
    assert_eq!(send(server.get("/webhook/none").header("accept", "text/html")).await.1, "application/json");
}

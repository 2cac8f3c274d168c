//! compose.yaml, and the files that it mounts.

use serde_json::Value;

use crate::files::{path, text, yaml};
use crate::{check_command, check_variables, port, seconds};

fn compose() -> Value {
    yaml("compose.yaml").remove(0)
}

/// The services that run the program.
fn engines(compose: &Value) -> Vec<(&String, &Value)> {
    let services = compose["services"].as_object().unwrap();
    services.iter().filter(|(_, service)| service["image"] == "engine").collect()
}

#[test]
fn each_service_runs_a_command_with_variables_that_exist() {
    let compose = compose();
    for (name, service) in engines(&compose) {
        check_command(name, &service["command"]);
        check_variables(name, service["environment"].as_object().unwrap().keys().map(String::as_str));
        let grace = seconds(&service["stop_grace_period"]);
        assert!(grace > seconds(&service["environment"]["ENGINE_DRAIN_TIMEOUT"]), "{name} is killed before it has drained");
    }
}

#[test]
fn every_variable_to_fill_in_is_in_the_example() {
    let (compose, example) = (text("compose.yaml"), text(".env.example"));
    for (_, rest) in compose.match_indices("${").map(|(at, _)| compose.split_at(at + 2)) {
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        assert!(example.contains(&format!("\n{name}=")), ".env.example has no {name}");
    }
}

#[test]
fn services_find_each_other() {
    let compose = compose();
    let services = compose["services"].as_object().unwrap();
    for (name, service) in services {
        let needs = match &service["depends_on"] {
            Value::Object(needs) => needs.keys().cloned().collect(),
            Value::Array(needs) => needs.iter().filter_map(|need| need.as_str().map(str::to_owned)).collect(),
            _ => Vec::new(),
        };
        for need in needs {
            assert!(services.contains_key(&need), "{name} needs {need}");
        }
        let volumes = service["volumes"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for source in volumes.filter_map(|volume| volume.split(':').next()) {
            let is_there =
                if source.starts_with("./") { path(source).exists() } else { compose["volumes"].as_object().unwrap().contains_key(source) };
            assert!(is_there, "{name} mounts {source}");
        }
    }
    let server = &services["server"]["environment"];
    let upstream = format!("server server:{};", port(&server["ENGINE_LISTEN"]));
    assert!(text("nginx.conf").contains(&upstream), "nginx.conf has no {upstream:?}");
    let scraped = &yaml("prometheus.yml")[0]["scrape_configs"][0]["dns_sd_configs"][0];
    assert_eq!(scraped["port"], port(&server["ENGINE_METRICS_LISTEN"]));
    for name in scraped["names"].as_array().unwrap() {
        assert!(engines(&compose).iter().any(|(service, _)| *name == **service), "{name} is scraped");
    }
}

#[test]
fn braces_of_the_proxy_are_balanced_and_its_statements_end() {
    let text = text("nginx.conf");
    let mut depth = 0;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        assert!(line.ends_with(['{', '}', ';']), "{line}");
        depth += i32::from(line.ends_with('{')) - i32::from(line.starts_with('}'));
        assert!(depth >= 0, "{line}");
    }
    assert_eq!(depth, 0);
}

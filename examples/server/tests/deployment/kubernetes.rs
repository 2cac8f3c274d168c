//! The manifests for Kubernetes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::files::yaml;
use crate::{check_command, check_variables, port, seconds};

/// What the kustomization names; the example stands for the secret that is made from it.
fn manifests() -> Vec<Value> {
    let kustomization = yaml("kubernetes/kustomization.yaml").remove(0);
    let names = kustomization["resources"].as_array().unwrap().iter().filter_map(Value::as_str);
    names.flat_map(|name| yaml(&format!("kubernetes/{}", if name == "secret.yaml" { "secret.example.yaml" } else { name }))).collect()
}

fn of_kind<'a>(manifests: &'a [Value], kind: &str) -> Vec<&'a Value> {
    let found: Vec<_> = manifests.iter().filter(|manifest| manifest["kind"] == kind).collect();
    assert!(!found.is_empty(), "there is no {kind}");
    found
}

fn container(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["spec"]["containers"][0]
}

#[test]
fn every_manifest_has_a_kind_and_a_name_of_its_own() {
    let manifests = manifests();
    let names: BTreeSet<_> = manifests.iter().map(|manifest| (manifest["kind"].to_string(), manifest["metadata"]["name"].to_string())).collect();
    assert_eq!(names.len(), manifests.len());
    assert!(manifests.iter().all(|manifest| manifest["apiVersion"].is_string() && manifest["metadata"]["name"].is_string()));
}

#[test]
fn settings_exist_and_ports_and_probes_fit_them() {
    let manifests = manifests();
    let config = &of_kind(&manifests, "ConfigMap")[0]["data"];
    let secret = &of_kind(&manifests, "Secret")[0]["stringData"];
    let names = config.as_object().unwrap().iter().chain(secret.as_object().unwrap());
    check_variables("configmap.yaml and secret.example.yaml", names.map(|(name, _)| name.as_str()));
    for deployment in of_kind(&manifests, "Deployment") {
        let container = container(deployment);
        check_command("args", &container["args"]);
        check_variables("env", container["env"].as_array().unwrap().iter().filter_map(|entry| entry["name"].as_str()));
        let ports: Vec<(&Value, &Value)> =
            container["ports"].as_array().unwrap().iter().map(|port| (&port["name"], &port["containerPort"])).collect();
        for (name, setting) in [("http", "ENGINE_LISTEN"), ("metrics", "ENGINE_METRICS_LISTEN")] {
            if let Some((_, number)) = ports.iter().find(|(known, _)| *known == name) {
                assert_eq!(**number, port(&config[setting]), "{setting}");
            }
        }
        for (probe, path) in [("startupProbe", "/health"), ("livenessProbe", "/health"), ("readinessProbe", "/ready")] {
            let get = &container[probe]["httpGet"];
            assert_eq!(get["path"], path, "{probe}");
            assert!(ports.iter().any(|(name, _)| **name == get["port"]), "{probe} asks at {}", get["port"]);
        }
        let pod = &deployment["spec"]["template"]["spec"];
        assert!(pod["terminationGracePeriodSeconds"].as_u64().unwrap() > seconds(&config["ENGINE_DRAIN_TIMEOUT"]) + 5);
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    }
}

#[test]
fn everything_points_at_something() {
    let manifests = manifests();
    let deployments = of_kind(&manifests, "Deployment");
    let labels: Vec<&Value> = deployments.iter().map(|deployment| &deployment["spec"]["template"]["metadata"]["labels"]).collect();
    for deployment in &deployments {
        assert!(labels.contains(&&deployment["spec"]["selector"]["matchLabels"]));
    }
    for budget in of_kind(&manifests, "PodDisruptionBudget") {
        assert!(labels.contains(&&budget["spec"]["selector"]["matchLabels"]));
    }
    for service in of_kind(&manifests, "Service") {
        let own = deployments.iter().find(|deployment| deployment["spec"]["template"]["metadata"]["labels"] == service["spec"]["selector"]);
        let ports = container(own.expect("a deployment behind the service"))["ports"].as_array().unwrap();
        assert!(ports.iter().any(|port| port["name"] == service["spec"]["ports"][0]["targetPort"]));
    }
    for scaler in of_kind(&manifests, "HorizontalPodAutoscaler") {
        let target = &scaler["spec"]["scaleTargetRef"]["name"];
        assert!(deployments.iter().any(|deployment| deployment["metadata"]["name"] == *target), "{target}");
    }
    let named = |kind: &str| of_kind(&manifests, kind)[0]["metadata"]["name"].clone();
    for deployment in &deployments {
        let from = &container(deployment)["envFrom"];
        assert_eq!((&from[0]["configMapRef"]["name"], &from[1]["secretRef"]["name"]), (&named("ConfigMap"), &named("Secret")));
    }
}

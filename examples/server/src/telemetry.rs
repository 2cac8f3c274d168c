//! Logs on standard error, as text or JSON, and traces over OTLP in a build with the feature `otel`.

use anyhow::Context;
use tracing_appender::non_blocking::NonBlocking;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::log::{self, Log};
use crate::settings::TelemetrySettings;

/// Sends and writes what is left when it is dropped.
#[derive(Debug)]
pub(crate) struct Telemetry {
    #[expect(dead_code, reason = "held until it is dropped, the traces before the log")]
    traces: Traces,
    pub(crate) log: Log,
}

/// Sends what is left when it is dropped.
#[derive(Debug, Default)]
struct Traces {
    #[cfg(feature = "otel")]
    provider: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
}

/// Where events and spans go.
type Layered = Box<dyn Layer<Registry> + Send + Sync>;

/// From now on events and spans of this process go where the settings say.
pub(crate) fn begin(settings: &TelemetrySettings) -> anyhow::Result<Telemetry> {
    let filter = EnvFilter::try_new(&settings.level).context("ENGINE_LOG")?;
    let (traces, spans) = traces(settings)?;
    let (writer, log) = log::begin()?;
    let layers: Vec<Layered> = [Some(lines(settings.json, writer)), spans].into_iter().flatten().collect();
    tracing_subscriber::registry().with(layers.with_filter(filter)).try_init().context("logs were set up twice")?;
    Ok(Telemetry { traces, log })
}

fn lines(json: bool, writer: NonBlocking) -> Layered {
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    if json { layer.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed() } else { layer.with_ansi(false).boxed() }
}

#[cfg(not(feature = "otel"))]
#[expect(clippy::unnecessary_wraps, reason = "it fails in a build with traces")]
fn traces(_settings: &TelemetrySettings) -> anyhow::Result<(Traces, Option<Layered>)> {
    Ok((Traces::default(), None))
}

#[cfg(feature = "otel")]
fn traces(settings: &TelemetrySettings) -> anyhow::Result<(Traces, Option<Layered>)> {
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_otlp::WithExportConfig;
    use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};

    let Some(endpoint) = &settings.otel_endpoint else { return Ok((Traces::default(), None)) };
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_http().with_endpoint(format!("{endpoint}/v1/traces")).build();
    let exporter = exporter.context("OTEL_EXPORTER_OTLP_ENDPOINT")?;
    let resource = Resource::builder().with_service_name(settings.otel_service.clone()).build();
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("engine"));
    Ok((Traces { provider: Some(provider) }, Some(layer.boxed())))
}

#[cfg(feature = "otel")]
impl Drop for Traces {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.provider.take().map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

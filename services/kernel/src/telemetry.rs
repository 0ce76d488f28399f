//! Logs, traces and metrics. JSON logs without personal data; traces and metrics over OTLP when an endpoint is set; one
//! trace from the caller through the gateway into every service (W3C trace context).

use std::io::IsTerminal as _;

use http::HeaderMap;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tonic::metadata::{Ascii, MetadataKey, MetadataMap, MetadataValue};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// What is flushed when the process ends.
#[must_use]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
}

/// Starts logging at `filter` (for example `info`), as JSON or for people, and exports to `otlp_endpoint` if one is set.
pub fn start(filter: &str, json: bool, otlp_endpoint: Option<&str>) -> anyhow::Result<Telemetry> {
    let logs = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let logs = if json {
        logs.json().flatten_event(true).boxed()
    } else {
        logs.compact().boxed()
    };
    // A filter for each layer: one for all at `warn` would also silence the spans that are exported.
    let logs = logs.with_filter(EnvFilter::try_new(filter)?);
    let mut telemetry = Telemetry {
        traces: None,
        metrics: None,
    };
    let spans = match otlp_endpoint {
        None => None,
        Some(endpoint) => {
            let exporter = opentelemetry_otlp::SpanExporter::builder()
                .with_tonic()
                .with_endpoint(endpoint)
                .build()?;
            let provider = SdkTracerProvider::builder()
                .with_batch_exporter(exporter)
                .build();
            let tracer = provider.tracer("junheng");
            telemetry.traces = Some(provider);
            let exporter = opentelemetry_otlp::MetricExporter::builder()
                .with_tonic()
                .with_endpoint(endpoint)
                .build()?;
            let provider = SdkMeterProvider::builder()
                .with_periodic_exporter(exporter)
                .build();
            opentelemetry::global::set_meter_provider(provider.clone());
            telemetry.metrics = Some(provider);
            Some(
                tracing_opentelemetry::layer()
                    .with_tracer(tracer)
                    .with_filter(EnvFilter::new("info,h2=off,hyper=off,tonic=off")),
            )
        }
    };
    tracing_subscriber::registry()
        .with(logs)
        .with(spans)
        .try_init()?;
    Ok(telemetry)
}

// === impl Telemetry ===

impl Telemetry {
    /// Sends what is waiting. Blocks; call it outside the runtime's threads.
    pub fn finish(self) {
        if let Some(traces) = self.traces
            && let Err(error) = traces.shutdown()
        {
            tracing::debug!(%error, "the last spans were not delivered");
        }
        if let Some(metrics) = self.metrics
            && let Err(error) = metrics.shutdown()
        {
            tracing::debug!(%error, "the last metrics were not delivered");
        }
    }
}

/// Makes `span` part of the trace that the headers speak of, if they do.
pub fn continue_trace(span: &Span, headers: &HeaderMap) {
    struct Headers<'a>(&'a HeaderMap);
    impl Extractor for Headers<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            self.0.get(key)?.to_str().ok()
        }
        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(http::HeaderName::as_str).collect()
        }
    }
    let parent = TraceContextPropagator::new().extract(&Headers(headers));
    // Fails only without an exporting layer, and then there is no trace to join.
    let _no_exporter = span.set_parent(parent);
}

/// Adds the current trace to the metadata of an outgoing call.
pub fn carry_trace(metadata: &mut MetadataMap) {
    struct Metadata<'a>(&'a mut MetadataMap);
    impl Injector for Metadata<'_> {
        fn set(&mut self, key: &str, value: String) {
            let key: Result<MetadataKey<Ascii>, _> = key.parse();
            let value: Result<MetadataValue<Ascii>, _> = value.parse();
            if let (Ok(key), Ok(value)) = (key, value) {
                self.0.insert(key, value);
            }
        }
    }
    TraceContextPropagator::new()
        .inject_context(&Span::current().context(), &mut Metadata(metadata));
}

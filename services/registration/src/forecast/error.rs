//! Why a call about forecasts fails: for nothing that not any room can meet.

/// Why a call about forecasts failed.
pub type ForecastError = junheng_kernel::error::KernelError;

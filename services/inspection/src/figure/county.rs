//! Judges a county's schools by a framework.

use std::collections::HashMap;

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_proto::inspection::v1::EvaluateMeasuresResponse;

use super::encode;
use crate::Inspection;
use crate::framework::fault::FrameworkFault;
use crate::framework::{CountyVerdict, Framework, School, assess};

/// Which county is judged, by what and as of when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct County {
    /// `campaigns/{id}`; empty for figures that nobody submitted.
    pub campaign: String,
    /// The framework's id.
    pub framework: String,
    /// The county's 6-digit code.
    pub region: String,
    /// The day whose thresholds apply.
    pub date: NaiveDate,
}

/// A county with its verdict.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The county.
    pub county: County,
    /// The framework.
    pub framework: Framework,
    /// The verdict.
    pub verdict: CountyVerdict,
    /// Names of schools by their keys, where they differ from them.
    pub names: HashMap<String, String>,
    /// Names of schools that have not confirmed their figures, so that no verdict can be favourable.
    pub unconfirmed: Vec<String>,
}

// === impl Judged ===

impl Judged {
    /// Verdict and figures as callers see them.
    pub fn encode(&self) -> EvaluateMeasuresResponse {
        EvaluateMeasuresResponse {
            verdict: Some(encode::verdict(self)),
            figures: encode::figures(self),
        }
    }

    /// The name by which people know a school.
    pub fn name_of<'a>(&'a self, key: &'a str) -> &'a str {
        self.names.get(key).map_or(key, String::as_str)
    }
}

// === impl Inspection ===

impl Inspection {
    /// Judges the schools, away from the threads that answer calls: a county of two thousand schools takes a while.
    pub async fn judge(
        &self,
        county: County,
        schools: Vec<School>,
    ) -> Result<Judged, FrameworkFault> {
        let framework = self.catalog.get(&county.framework)?.clone();
        let path = self.path_of(&county.region);
        let work = move || -> Result<Judged, FrameworkFault> {
            let profile = framework.profile(&path, county.date)?;
            let verdict = assess(&framework, profile, &schools)?;
            Ok(Judged {
                county,
                verdict,
                framework,
                names: HashMap::new(),
                unconfirmed: Vec::new(),
            })
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| KernelError::Stored(format!("the verdict's task failed: {error}")))?
    }
}

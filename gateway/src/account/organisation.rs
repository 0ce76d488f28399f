//! The organisation of a post to give: where it lies, what it is called, and whether the granter's post covers it.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::name::Parent;
use junheng_kernel::region::{Region, RegionLevel, RegionTable};
use junheng_kernel::service::{Context, Link};
use junheng_proto::identity::v1::{Duty, Level, Post};
use junheng_proto::registration::v1::GetSchoolRequest;
use junheng_proto::registration::v1::school_service_client::SchoolServiceClient;
use tonic::Code;

use super::error::AccountError;

/// An organisation that the granter may fill posts of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// `regions/{code}` with the code in full, or `schools/{id}`.
    pub name: String,
    /// Its 12-digit place number.
    pub place: i64,
    /// What people call it.
    pub label: String,
}

// === impl Organisation ===

impl Organisation {
    /// Finds the organisation of `post`; a school's place is registration's to tell, asked on the caller's behalf.
    ///
    /// Fails with `FIELD_INVALID` when level and organisation do not fit, with `OUT_OF_SCOPE` when the caller's post does
    /// not cover it, for a school that is not there alike.
    pub async fn find(
        context: &Context,
        registration: &Link,
        caller: &Caller,
        post: &Post,
    ) -> Result<Self, AccountError> {
        let field = "post.organisation";
        let level = Level::try_from(post.level).unwrap_or_default();
        match Parent::of(caller, &context.regions, field, &post.organisation)? {
            Parent::Region { code, .. } => of_region(&context.regions, level, &code),
            Parent::School(_) if level != Level::School => Err(unfit()),
            Parent::School(_) => of_school(context, registration, caller, &post.organisation).await,
        }
    }

    /// What a post there is called, for example 西宁市城中区·负责人.
    pub fn title(&self, duty: Duty) -> String {
        format!("{}·{}", self.label, label::of(duty))
    }
}

/// The region of a post of `level`; 441900 东莞市 is city and county at once.
pub fn of_region(
    regions: &RegionTable,
    level: Level,
    code: &str,
) -> Result<Organisation, AccountError> {
    let wanted = match level {
        Level::County => RegionLevel::County,
        Level::City => RegionLevel::City,
        Level::Province => RegionLevel::Province,
        Level::School | Level::Unspecified => return Err(unfit()),
    };
    let region = regions.get(code).filter(|region| region.acts_as(wanted));
    let region = region.ok_or_else(unfit)?;
    Ok(Organisation {
        name: format!("regions/{}", region.code),
        place: regions.place_of(region),
        label: label_of(regions, region),
    })
}

/// The name of a county with its city's, of any other region alone.
fn label_of(regions: &RegionTable, region: &Region) -> String {
    match regions.city_of(&region.code) {
        Some(city) if city != region => format!("{}{}", city.name, region.name),
        _ => region.name.clone(),
    }
}

async fn of_school(
    context: &Context,
    registration: &Link,
    caller: &Caller,
    name: &str,
) -> Result<Organisation, AccountError> {
    let request = GetSchoolRequest {
        name: name.to_owned(),
    };
    let mut schools = SchoolServiceClient::new(registration.clone());
    let answer = schools
        .get_school(context.request(&caller.identity, request))
        .await;
    let school = answer.map_err(|status| match status.code() {
        // Registration shows what the caller's post covers and nothing else.
        Code::NotFound | Code::PermissionDenied => out_of_scope(caller, name),
        _ => {
            tracing::warn!(%status, "registration did not tell where a school is");
            KernelError::Upstream {
                service: "registration".to_owned(),
            }
        }
    })?;
    let school = school.into_inner();
    let code = match school.town.as_str() {
        "" => school.region.trim_start_matches("regions/"),
        town => town,
    };
    let unknown = |_| KernelError::RegionUnknown {
        code: code.to_owned(),
    };
    let place = context.regions.place(code).map_err(unknown)?;
    let id = junheng_kernel::name::id_of("schools", &school.name)?;
    if !caller.scope.covers(place, Some(id)) {
        return Err(out_of_scope(caller, name).into());
    }
    Ok(Organisation {
        name: school.name,
        place,
        label: school.display_name,
    })
}

fn out_of_scope(caller: &Caller, organisation: &str) -> KernelError {
    KernelError::OutOfScope {
        organisation: organisation.to_owned(),
        own: caller.organisation.clone(),
    }
}

fn unfit() -> AccountError {
    AccountError::field(Violation::invalid(
        "post.organisation",
        "must be a school, county, city or province as post.level says",
        "应与层级一致:学校岗位填学校,县、市、省级岗位填相应行政区划",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_and_region_must_fit() {
        let regions = RegionTable::builtin();
        let county = of_region(&regions, Level::County, "630103").unwrap();
        assert_eq!(county.place, 630_103_000_000);
        assert_eq!(county.title(Duty::Approver), "西宁市城中区·负责人");
        assert!(of_region(&regions, Level::City, "630103").is_err());
        assert!(of_region(&regions, Level::School, "630103").is_err());
        let province = of_region(&regions, Level::Province, "630000").unwrap();
        assert_eq!(province.title(Duty::System), "青海省·系统管理员");
        assert!(of_region(&regions, Level::City, "441900").is_ok());
        assert!(of_region(&regions, Level::County, "441900").is_ok());
    }
}

//! A county with schools, set up through the gateway by its own officers.

use std::sync::atomic::{AtomicU32, Ordering};

use junheng_proto::education::v1::{SchoolKind, Sponsor, UrbanRural};
use junheng_proto::registration::v1::{CreateSchoolRequest, School as Entry};

use crate::officer::Officer;
use crate::refusal::answered;
use crate::regions::Place;
use crate::request_id;
use crate::world::World;

static NEXT_SCHOOL: AtomicU32 = AtomicU32::new(970_001);

/// A county that one story plays in.
#[derive(Clone, Debug)]
pub struct County {
    /// Where it lies.
    pub place: Place,
    /// Its clerk 经办.
    pub clerk: Officer,
}

/// A school of a story.
#[derive(Clone, Debug)]
pub struct School {
    /// `schools/{id}`.
    pub name: String,
    /// The 10-digit 学校标识码.
    pub code: String,
    /// The county, `regions/{code}`.
    pub county: String,
    /// As the service keeps it.
    pub entry: Entry,
}

// === impl County ===

impl County {
    /// A county that no other story plays in.
    pub async fn fresh(world: &World) -> Self {
        Self::at(world, world.place()).await
    }

    /// The county of all stories that look at nothing but their own schools.
    pub async fn shared(world: &World) -> Self {
        Self::at(world, world.shared_place()).await
    }

    /// A certain county.
    pub async fn at(world: &World, place: Place) -> Self {
        let clerk = world.sign_in("county.clerk", &place.county).await;
        Self { place, clerk }
    }

    /// Registers a county-run school in the main urban area.
    pub async fn school(&self, kind: SchoolKind) -> School {
        let entry = self.entry(kind);
        self.register(entry).await
    }

    /// Registers a school.
    pub async fn register(&self, entry: Entry) -> School {
        let request = CreateSchoolRequest {
            parent: self.place.county.clone(),
            school: Some(entry),
            request_id: request_id(),
        };
        let entry = answered(self.clerk.schools().create_school(request).await);
        School {
            name: entry.name.clone(),
            code: entry.school_code.clone(),
            county: self.place.county.clone(),
            entry,
        }
    }

    /// The entry of a school that can be registered here, with a code of its own.
    pub fn entry(&self, kind: SchoolKind) -> Entry {
        let serial = NEXT_SCHOOL.fetch_add(1, Ordering::Relaxed);
        let code = school_code(kind, serial);
        Entry {
            display_name: format!("第{serial}学校"),
            school_code: code,
            kind: kind.into(),
            urban_rural: UrbanRural::MainUrban.into(),
            sponsor: Sponsor::CountyEducation.into(),
            stages: stages(kind),
            ..Entry::default()
        }
    }

    /// The six digits of the county.
    pub fn code(&self) -> &str {
        &self.place.county["regions/".len()..]
    }
}

/// 学校标识码: two digits of kind, two of province, six of serial.
pub fn school_code(kind: SchoolKind, serial: u32) -> String {
    let prefix = match kind {
        SchoolKind::Primary | SchoolKind::TeachingPoint => "21",
        SchoolKind::CompleteSecondary | SchoolKind::TwelveYear => "34",
        SchoolKind::VocationalJunior => "32",
        _ => "31",
    };
    format!("{prefix}42{serial:06}")
}

fn stages(kind: SchoolKind) -> Vec<i32> {
    use junheng_proto::education::v1::Stage::{Junior, Primary, Senior};
    let stages = match kind {
        SchoolKind::Primary | SchoolKind::TeachingPoint => vec![Primary],
        SchoolKind::NineYear => vec![Primary, Junior],
        SchoolKind::CompleteSecondary => vec![Junior, Senior],
        SchoolKind::TwelveYear => vec![Primary, Junior, Senior],
        _ => vec![Junior],
    };
    stages.into_iter().map(i32::from).collect()
}

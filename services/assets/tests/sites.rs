//! Sites and their figures as callers meet them: over gRPC, with real identities, on a database with the real schema.

use junheng_directory::testing::{World, reason};
use junheng_kernel::service::Link;
use junheng_proto::assets::v1::site_service_client::SiteServiceClient;
use junheng_proto::assets::v1::{
    CreateSiteRequest, GetSiteRequest, ImportSitesRequest, ListSitesRequest, Site, SiteRow,
    UpdateSiteRequest, import_sites_request,
};
use junheng_proto::bulk::v1::{ImportHeader, ImportResult};
use junheng_proto::education::v1::Stage;
use junheng_proto::evidence::v1::measure_service_client::MeasureServiceClient;
use junheng_proto::evidence::v1::{Measure, StreamMeasuresRequest};
use tokio_stream::StreamExt as _;
use tonic::{Code, Status};
use uuid::Uuid;

const COUNTY: &str = "regions/630103";
const OTHER_COUNTY: &str = "regions/630104";

struct Assets {
    world: World,
    link: Link,
}

impl Assets {
    async fn new() -> Self {
        let world = World::new().await.unwrap();
        let context = world
            .context::<junheng_assets::Migrator>(junheng_assets::NAME)
            .await;
        let link = junheng_assets::service(&context.unwrap(), world.registration());
        Self { world, link }
    }

    async fn school(&self, code: &str, region: &str, stages: &[Stage]) -> String {
        let id = self
            .world
            .register(code, "观门街小学", region, stages)
            .await
            .unwrap();
        format!("schools/{id}")
    }

    fn client(&self) -> SiteServiceClient<Link> {
        SiteServiceClient::new(self.link.clone())
    }

    async fn create(&self, county: &str, parent: &str, site: Site) -> Result<Site, Status> {
        let message = CreateSiteRequest {
            parent: parent.to_owned(),
            site: Some(site),
            request_id: Uuid::now_v7().to_string(),
        };
        let request = self.world.request("county.clerk", county, message);
        Ok(self.client().create_site(request).await?.into_inner())
    }

    async fn list(&self, parent: &str) -> Vec<Site> {
        let message = ListSitesRequest {
            parent: parent.to_owned(),
            ..Default::default()
        };
        let request = self.world.request("county.clerk", COUNTY, message);
        self.client()
            .list_sites(request)
            .await
            .unwrap()
            .into_inner()
            .sites
    }

    async fn update(&self, site: Site, paths: &[&str]) -> Result<Site, Status> {
        let message = UpdateSiteRequest {
            site: Some(site),
            update_mask: Some(prost_types::FieldMask {
                paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            }),
            request_id: Uuid::now_v7().to_string(),
        };
        let request = self.world.request("county.clerk", COUNTY, message);
        Ok(self.client().update_site(request).await?.into_inner())
    }

    async fn import(&self, request_id: Uuid, rows: &[SiteRow]) -> ImportResult {
        use import_sites_request::Part;
        let header = ImportHeader {
            parent: COUNTY.to_owned(),
            request_id: request_id.to_string(),
            validate_only: false,
            ..ImportHeader::default()
        };
        let rows = rows.iter().cloned().map(Part::Row);
        let parts: Vec<_> = std::iter::once(Part::Header(header))
            .chain(rows)
            .map(|part| ImportSitesRequest { part: Some(part) })
            .collect();
        let request = self
            .world
            .request("county.clerk", COUNTY, tokio_stream::iter(parts));
        self.client()
            .import_sites(request)
            .await
            .unwrap()
            .into_inner()
    }

    async fn measures(&self) -> Vec<Measure> {
        let message = StreamMeasuresRequest {
            service: "assets".into(),
            parent: COUNTY.into(),
        };
        let request = self.world.request("county.inspector", COUNTY, message);
        let mut client = MeasureServiceClient::new(self.link.clone());
        let stream = client.stream_measures(request).await.unwrap().into_inner();
        stream.map(Result::unwrap).collect().await
    }
}

fn site(display_name: &str, stage: i32) -> Site {
    Site {
        display_name: display_name.into(),
        stage,
        teaching_auxiliary_area_centi_square_meters: 456_789,
        indoor_sports_area_centi_square_meters: 45_678,
        sports_ground_area_centi_square_meters: 600_000,
        equipment_value_fen: 123_456_789,
        computer_count: 120,
        book_count: 30_000,
        network_multimedia_room_count: 24,
        ..Default::default()
    }
}

fn row(row: i64, school_code: &str, display_name: &str) -> SiteRow {
    SiteRow {
        row,
        school_code: school_code.into(),
        display_name: display_name.into(),
        teaching_auxiliary_area_centi_square_meters: 456_789,
        ..Default::default()
    }
}

#[tokio::test]
async fn a_site_is_registered_read_and_found_by_its_county_only() {
    let assets = Assets::new().await;
    let school = assets
        .school("2163000001", "630103", &[Stage::Primary])
        .await;
    let created = assets
        .create(COUNTY, &school, site("本部", 1))
        .await
        .unwrap();
    let expected = Site {
        name: created.name.clone(),
        school: school.clone(),
        etag: created.etag.clone(),
        ..site("本部", 1)
    };
    assert_eq!(created, expected);
    for parent in [COUNTY, &school] {
        assert_eq!(assets.list(parent).await, std::slice::from_ref(&created));
    }
    let get = async |county: &str| {
        let name = created.name.clone();
        let request = assets
            .world
            .request("county.inspector", county, GetSiteRequest { name });
        assets.client().get_site(request).await
    };
    assert_eq!(get(COUNTY).await.unwrap().into_inner(), created);
    assert_eq!(get(OTHER_COUNTY).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn what_does_not_fit_the_school_or_the_figures_is_refused_with_its_reason() {
    let assets = Assets::new().await;
    let school = assets
        .school("2163000001", "630103", &[Stage::Primary])
        .await;
    let other = assets
        .school("2163000002", "630103", &[Stage::Primary])
        .await;
    assets
        .create(COUNTY, &school, site("本部", 1))
        .await
        .unwrap();
    assets
        .create(COUNTY, &other, site("本部", 1))
        .await
        .unwrap();
    let refused = async |county: &str, parent: &str, site: Site| {
        let status = assets.create(county, parent, site).await.unwrap_err();
        reason(&status, "site")
    };
    let taken = refused(COUNTY, &school, site(" 本部 ", 0)).await;
    assert_eq!(taken, ("SITE_TAKEN".into(), "本部".into()));
    assert_eq!(
        refused(COUNTY, &school, site("东校区", 2)).await.0,
        "STAGE_NOT_RUN"
    );
    let negative = Site {
        book_count: -1,
        ..site("东校区", 1)
    };
    assert_eq!(refused(COUNTY, &school, negative).await.0, "FIELD_INVALID");
    assert_eq!(
        refused(OTHER_COUNTY, &school, site("东校区", 1)).await.0,
        "OUT_OF_SCOPE"
    );
    let nowhere = format!("schools/{}", Uuid::now_v7());
    assert_eq!(
        refused(COUNTY, &nowhere, site("本部", 1)).await.0,
        "SCHOOL_UNKNOWN"
    );
}

#[tokio::test]
async fn a_change_needs_the_etag_that_was_read_and_keeps_the_name() {
    let assets = Assets::new().await;
    let school = assets
        .school("2163000001", "630103", &[Stage::Primary])
        .await;
    let created = assets
        .create(COUNTY, &school, site("本部", 1))
        .await
        .unwrap();
    let wanted = Site {
        display_name: "东校区".into(),
        stage: 0,
        computer_count: 0,
        ..created.clone()
    };
    let changed = assets
        .update(wanted.clone(), &["computer_count"])
        .await
        .unwrap();
    let expected = Site {
        computer_count: 0,
        etag: changed.etag.clone(),
        ..created
    };
    assert_eq!(changed, expected);
    let stale = assets.update(wanted, &["*"]).await.unwrap_err();
    assert_eq!(reason(&stale, "").0, "ETAG_MISMATCH");
    let halved = Site {
        teaching_auxiliary_area_centi_square_meters: 45_677,
        ..changed
    };
    let smaller = assets.update(halved, &["*"]).await.unwrap_err();
    assert_eq!(
        reason(&smaller, "field").1,
        "indoor_sports_area_centi_square_meters"
    );
}

#[tokio::test]
async fn an_import_takes_the_good_rows_names_the_bad_ones_and_repeated_changes_nothing() {
    let assets = Assets::new().await;
    assets
        .school("2163000001", "630103", &[Stage::Primary])
        .await;
    assets
        .school("2163000002", "630104", &[Stage::Primary])
        .await;
    let junior = SiteRow {
        stage: Stage::Junior as i32,
        ..row(4, "2163000001", "西校区")
    };
    let rows = [
        row(1, "2163000001", "本部"),
        row(2, "2163000001", "东校区"),
        row(3, "2163000001", "本部"),
        junior,
        row(5, "2163000002", "本部"),
        row(6, "2163000009", "本部"),
    ];
    let request_id = Uuid::now_v7();
    let result = assets.import(request_id, &rows).await;
    let verdicts: Vec<_> = result
        .verdicts
        .iter()
        .map(|verdict| {
            (
                verdict.row,
                verdict.field.as_str(),
                verdict.reason().as_str_name(),
            )
        })
        .collect();
    assert_eq!(
        verdicts,
        [
            (3, "display_name", "REASON_ROW_DUPLICATE"),
            (4, "stage", "REASON_STAGE_NOT_RUN"),
            (5, "school_code", "REASON_ROW_OUT_OF_PARENT"),
            (6, "school_code", "REASON_SCHOOL_UNKNOWN"),
        ]
    );
    assert_eq!((result.created_count, result.rejected_count), (2, 4));
    assert_eq!(
        assets.import(request_id, &rows).await,
        result,
        "the same import again"
    );
    let mut changed = rows.clone();
    changed[1].book_count = 500;
    let second = assets.import(Uuid::now_v7(), &changed).await;
    assert_eq!((second.unchanged_count, second.updated_count), (1, 1));
    let books: Vec<_> = assets
        .list(COUNTY)
        .await
        .iter()
        .map(|site| site.book_count)
        .collect();
    assert_eq!(books, [0, 500]);
}

#[tokio::test]
async fn figures_are_summed_by_stage_and_a_school_that_entered_nothing_gives_none() {
    let assets = Assets::new().await;
    let stages = &[Stage::Primary, Stage::Junior];
    let school = assets.school("3163000001", "630103", stages).await;
    assets
        .school("2163000002", "630103", &[Stage::Primary])
        .await;
    let shared = assets
        .create(COUNTY, &school, site("本部", 0))
        .await
        .unwrap();
    assets
        .create(COUNTY, &school, site("东校区", 1))
        .await
        .unwrap();
    assets
        .create(COUNTY, &school, site("西校区", 1))
        .await
        .unwrap();
    let found = assets.measures().await;
    let values = |stage: i32| {
        let of_stage = found.iter().filter(move |measure| measure.stage == stage);
        of_stage
            .map(|measure| (measure.measure.as_str(), measure.value))
            .collect::<Vec<_>>()
    };
    let once = [
        ("area.teaching_auxiliary", 456_789),
        ("area.indoor_sports", 45_678),
        ("area.sports_ground", 600_000),
        ("equipment.value", 123_456_789),
        ("computers.count", 120),
        ("books.count", 30_000),
        ("rooms.network_multimedia.count", 24),
    ];
    assert_eq!(values(0), once);
    assert_eq!(values(1), once.map(|(measure, value)| (measure, value * 2)));
    assert_eq!(found.len(), 14, "nothing of the school without sites");
    assert!(found.iter().all(|measure| measure.school == school));
    assert_eq!(found[0].source, shared.name);
    assert_eq!(found[7].source, format!("{school}/sites"));
}

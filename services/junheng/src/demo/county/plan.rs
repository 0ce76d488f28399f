//! Which schools a county has, before anything is drawn: one table.

use super::REGION;
use super::rows::{STAGES, SchoolRow, Stage};

/// What a school has of one stage.
#[derive(Clone, Debug)]
pub struct StagePlan {
    /// 学段.
    pub stage: Stage,
    /// Relative number of pupils.
    pub weight: u64,
    /// Number of classes; 0 leaves it to the class size of [`super::rolls`].
    pub classes: u32,
}

/// A site of a school and its part of what the school has.
#[derive(Clone, Debug)]
pub struct SitePlan {
    /// 校区名称.
    pub name: String,
    /// The only stage that uses the site, if one does.
    pub stage: Option<Stage>,
    /// Relative part of the assets of the stage, or of the whole school for a shared site.
    pub share: u64,
}

/// A school.
#[derive(Clone, Debug)]
pub struct SchoolPlan {
    /// 学校标识码.
    pub code10: String,
    /// 学校名称.
    pub name: String,
    /// 办学类型.
    pub kind: u16,
    /// 举办者.
    pub sponsor: u8,
    /// 城乡分类.
    pub urban_rural: u16,
    /// Last three digits of the town code.
    pub town: String,
    /// Stages, lowest first.
    pub stages: Vec<StagePlan>,
    /// Sites, at least one.
    pub sites: Vec<SitePlan>,
}

/// A county: its schools and the totals to be met exactly, by stage (primary, junior, senior).
#[derive(Clone, Debug)]
pub struct CountyPlan {
    /// Schools.
    pub schools: Vec<SchoolPlan>,
    /// Pupils.
    pub pupils: [u64; 3],
    /// Full-time teachers.
    pub teachers: [u64; 3],
    /// Primary classes of 56 pupils and more (大班额).
    pub crowded_classes: usize,
}

/// Kinds: 办学类型, the first two digits of the 标识码, and the stages taught.
#[rustfmt::skip]
const KINDS: &[(u16, &str, &[Stage])] = &[
    (211, "21", &[Stage::Primary]),
    (312, "31", &[Stage::Primary, Stage::Junior]),
    (311, "31", &[Stage::Junior]),
    (341, "34", &[Stage::Junior, Stage::Senior]),
];

/// One line of the table below: name, kind, sponsor, urban-rural class, town, and pupil weight and classes of
/// each stage of the kind.
type Line = (
    &'static str,
    u16,
    u8,
    u16,
    &'static str,
    &'static [(u64, u32)],
);

/// The 26 schools of 城中区. Sizes fall about as a lognormal distribution does, from 120 to 2,270 pupils;
/// the classes of the primary stage sum to 379, those of the junior stage of the nine-year schools to 30.
/// Names that do not occur in the report are made of its streets and of its towns.
#[rustfmt::skip]
const CHENGZHONG: &[Line] = &[
    ("南大街小学",         211, 7, 111, "002", &[(2268, 42)]),
    ("观门街小学",         211, 7, 111, "001", &[(1800, 36)]),
    ("南川西路小学",       211, 7, 111, "007", &[(1572, 30)]),
    ("南川东路小学",       211, 7, 111, "006", &[(1512, 30)]),
    ("劳动路小学",         211, 7, 111, "002", &[(1500, 30)]),
    ("红星小学",           211, 7, 111, "005", &[(1230, 24)]),
    ("南川东路第二小学",   211, 7, 111, "006", &[(1140, 24)]),
    ("大同街小学",         211, 7, 111, "003", &[( 936, 19)]),
    ("礼让街小学",         211, 7, 111, "004", &[( 900, 18)]),
    ("南山路小学",         211, 7, 111, "002", &[( 870, 18)]),
    ("沈家寨小学",         211, 7, 112, "007", &[( 624, 12)]),
    ("仓门街小学",         211, 7, 111, "003", &[( 600, 12)]),
    ("人民街小学",         211, 7, 111, "001", &[( 540, 12)]),
    ("饮马街小学",         211, 7, 111, "005", &[( 468, 12)]),
    ("南滩小学",           211, 7, 111, "002", &[( 408, 12)]),
    ("前营街小学",         211, 7, 111, "003", &[( 300,  6)]),
    ("阳光小学",           211, 7, 112, "007", &[( 288,  6)]),
    ("总寨逸夫小学",       211, 7, 122, "100", &[( 180,  6)]),
    ("谢家寨小学",         211, 7, 121, "100", &[( 120,  6)]),
    ("华罗庚实验学校",     312, 7, 112, "007", &[( 948, 18), (1080, 24)]),
    ("逯家寨学校",         312, 7, 122, "100", &[( 228,  6), ( 300,  6)]),
    ("西宁市第一中学",     311, 7, 111, "001", &[(1980, 42)]),
    ("西宁市第八中学",     311, 7, 111, "004", &[(1530, 33)]),
    ("南川东路初级中学",   311, 7, 111, "006", &[(1020, 21)]),
    ("南滩初级中学",       311, 7, 111, "002", &[( 630, 15)]),
    ("西宁市第十一中学",   341, 5, 111, "005", &[(1598, 33), (1620, 36)]),
];

/// Sites of the schools that have more than one: school, site, the one stage that uses it, share. The other
/// schools have one site named 本部.
#[rustfmt::skip]
const SITES: &[(&str, &str, Option<Stage>, u64)] = &[
    ("南大街小学",     "本部",       Some(Stage::Primary), 7),
    ("南大街小学",     "东校区",     Some(Stage::Primary), 3),
    ("阳光小学",       "本部",       Some(Stage::Primary), 8),
    ("阳光小学",       "元堡子校区", Some(Stage::Primary), 2),
    ("华罗庚实验学校", "小学部",     Some(Stage::Primary), 1),
    ("华罗庚实验学校", "初中部",     Some(Stage::Junior),  1),
];

impl CountyPlan {
    /// The county of the report.
    pub fn chengzhong() -> Self {
        let school = |(serial, line): (usize, &Line)| {
            let &(name, kind, sponsor, urban_rural, town, stages) = line;
            let mut school = SchoolPlan::new(serial + 1, name.into(), kind, stages);
            (school.sponsor, school.urban_rural, school.town) = (sponsor, urban_rural, town.into());
            let sites = SITES.iter().filter(|site| site.0 == name);
            let sites: Vec<SitePlan> = sites
                .map(|&(_, site, stage, share)| SitePlan {
                    name: site.into(),
                    stage,
                    share,
                })
                .collect();
            if !sites.is_empty() {
                school.sites = sites;
            }
            school
        };
        Self {
            schools: CHENGZHONG.iter().enumerate().map(school).collect(),
            pupils: [18_430, 8_138, 1_620],
            teachers: [1_025, 611, 128],
            crowded_classes: 15,
        }
    }

    /// A county of `schools` schools with `pupils` primary and junior pupils.
    #[cfg(test)]
    pub fn small(schools: usize, pupils: u64) -> Self {
        let school = |i: usize| {
            let kind = match i {
                0 => 312,
                _ if i % 4 == 3 => 311,
                _ => 211,
            };
            let weight = 3 + (i as u64 * 5) % 7;
            SchoolPlan::new(
                i + 1,
                format!("测试第{}学校", i + 1),
                kind,
                &[(weight, 0); 2],
            )
        };
        let primary = pupils * 7 / 10;
        Self {
            schools: (0..schools).map(school).collect(),
            pupils: [primary, pupils - primary, 0],
            teachers: [primary.div_ceil(17), (pupils - primary).div_ceil(13), 0],
            crowded_classes: 0,
        }
    }

    /// The schools as rows.
    pub fn rows(&self) -> Vec<SchoolRow> {
        let row = |school: &SchoolPlan| SchoolRow {
            code10: school.code10.clone(),
            display_name: school.name.clone(),
            kind: school.kind,
            sponsor: school.sponsor,
            urban_rural: school.urban_rural,
            town_code: format!("{REGION}{}", school.town),
            stages: school.stages.iter().map(|stage| stage.stage).collect(),
        };
        self.schools.iter().map(row).collect()
    }
}

impl SchoolPlan {
    fn new(serial: usize, name: String, kind: u16, sizes: &[(u64, u32)]) -> Self {
        let known = KINDS.iter().find(|entry| entry.0 == kind);
        let (_, prefix, stages) = known.copied().unwrap_or((kind, "99", &[]));
        let pairs = stages.iter().zip(sizes);
        let only = if let [stage] = stages {
            Some(*stage)
        } else {
            None
        };
        Self {
            code10: format!("{prefix}63{:06}", 990_000 + serial),
            name,
            kind,
            sponsor: 7,
            urban_rural: 111,
            town: "001".into(),
            stages: pairs
                .map(|(&stage, &(weight, classes))| StagePlan {
                    stage,
                    weight,
                    classes,
                })
                .collect(),
            sites: vec![SitePlan {
                name: "本部".into(),
                stage: only,
                share: 1,
            }],
        }
    }
}

/// The place of a stage in arrays by stage.
pub fn place(stage: Stage) -> usize {
    STAGES
        .iter()
        .position(|&other| other == stage)
        .unwrap_or_default()
}

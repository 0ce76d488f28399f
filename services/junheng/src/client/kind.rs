//! What can be imported and exported: for each kind one table of its columns.

use std::sync::LazyLock;

use anyhow::Context as _;
use http::uri::PathAndQuery;
use junheng_proto::POOL;
use prost_reflect::{MessageDescriptor, MethodDescriptor};

use super::cells::Cell;
use crate::table::Column;

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Schools (学校).
    Schools,
    /// Classes (班级).
    Classes,
    /// Students (学生).
    Students,
    /// Teachers (教师).
    Teachers,
    /// Sites (校园).
    Sites,
}

/// One column: what the file calls it, and which field of the row it fills.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The field of the row message.
    pub proto: &'static str,
    /// The column's Chinese name.
    pub zh: &'static str,
    /// Whether every file must have the column.
    pub required: bool,
    /// How its cells are written.
    pub cell: Cell,
    /// Where an export takes it from.
    pub source: Source,
}

/// Where an export takes a column from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The field of the same name in the record.
    Same,
    /// The code at the end of the field, a resource name.
    CodeOfName,
    /// The code of the school that the record's `school` names.
    SchoolCode,
    /// The number of the class that the record's `school_class` names.
    ClassNumber,
}

/// The methods and columns of a kind.
pub struct Layout {
    service: &'static str,
    import: &'static str,
    list: &'static str,
    /// The field of the list's answer that holds the records.
    pub items: &'static str,
    /// The columns.
    pub fields: &'static [Field],
}

const fn field(proto: &'static str, zh: &'static str, cell: Cell) -> Field {
    Field {
        proto,
        zh,
        required: true,
        cell,
        source: Source::Same,
    }
}

const fn optional(proto: &'static str, zh: &'static str, cell: Cell) -> Field {
    Field {
        required: false,
        ..field(proto, zh, cell)
    }
}

const fn from(source: Source, field: Field) -> Field {
    Field { source, ..field }
}

const SCHOOL: Field = from(
    Source::SchoolCode,
    field("school_code", "学校标识码", Cell::Text),
);

#[rustfmt::skip]
const SCHOOLS: &[Field] = &[
    field("school_code", "学校标识码", Cell::Text),
    field("display_name", "学校名称", Cell::Text),
    field("kind", "办学类型", Cell::Code("junheng.education.v1.SchoolKind")),
    field("urban_rural", "城乡分类", Cell::Code("junheng.education.v1.UrbanRural")),
    field("sponsor", "举办者", Cell::Code("junheng.education.v1.Sponsor")),
    from(Source::CodeOfName, field("region", "县级区划代码", Cell::Text)),
    optional("town", "乡镇代码", Cell::Text),
];

#[rustfmt::skip]
const CLASSES: &[Field] = &[
    SCHOOL,
    field("stage", "学段", Cell::Choice),
    field("grade", "年级", Cell::Integer),
    field("number", "班号", Cell::Integer),
];

#[rustfmt::skip]
const STUDENTS: &[Field] = &[
    SCHOOL,
    field("stage", "学段", Cell::Choice),
    field("grade", "年级", Cell::Integer),
    from(Source::ClassNumber, field("class_number", "班号", Cell::Integer)),
    field("display_name", "姓名", Cell::Text),
    field("identity_type", "身份证件类型", Cell::Choice),
    field("identity_number", "身份证件号", Cell::Text),
    field("sex", "性别", Cell::Choice),
    field("birth_date", "出生日期", Cell::Date),
    optional("ethnicity", "民族", Cell::Text),
    optional("boarder", "寄宿", Cell::Flag),
    optional("migrant", "随迁子女", Cell::Flag),
    optional("left_behind", "留守儿童", Cell::Flag),
    optional("disability", "残疾类别", Cell::Choice),
    optional("placement", "残疾学生就读方式", Cell::Choice),
    optional("hardship", "家庭经济困难", Cell::Flag),
    optional("guardian_display_name", "监护人姓名", Cell::Text),
    optional("guardian_phone", "监护人电话", Cell::Text),
    optional("residence", "家庭住址", Cell::Text),
    optional("student_number", "学籍号", Cell::Text),
    optional("entry_year", "入学年份", Cell::Integer),
];

#[rustfmt::skip]
const TEACHERS: &[Field] = &[
    SCHOOL,
    field("display_name", "姓名", Cell::Text),
    field("identity_number", "身份证件号", Cell::Text),
    field("sex", "性别", Cell::Choice),
    field("stage", "任教学段", Cell::Choice),
    field("position", "岗位类别", Cell::Choice),
    field("subject", "任教学科", Cell::Choice),
    field("education", "学历", Cell::Choice),
    field("title", "专业技术职务", Cell::Choice),
    field("backbone", "骨干教师级别", Cell::Choice),
    field("certified", "教师资格证", Cell::Flag),
];

#[rustfmt::skip]
const SITES: &[Field] = &[
    SCHOOL,
    field("display_name", "校园名称", Cell::Text),
    optional("stage", "专用学段", Cell::Choice),
    field("teaching_auxiliary_area_centi_square_meters", "教学及辅助用房面积(平方米)", Cell::Hundredths),
    field("indoor_sports_area_centi_square_meters", "室内体育用房面积(平方米)", Cell::Hundredths),
    field("sports_ground_area_centi_square_meters", "体育运动场馆面积(平方米)", Cell::Hundredths),
    field("equipment_value_fen", "教学仪器设备值(元)", Cell::Hundredths),
    field("computer_count", "计算机台数", Cell::Integer),
    field("book_count", "图书册数", Cell::Integer),
    field("network_multimedia_room_count", "网络多媒体教室间数", Cell::Integer),
];

// === impl Kind ===

impl Kind {
    /// All kinds, parents before children.
    pub const ALL: [Self; 5] = [
        Self::Schools,
        Self::Classes,
        Self::Students,
        Self::Teachers,
        Self::Sites,
    ];

    /// Its methods and columns.
    pub fn layout(self) -> Layout {
        let (service, import, list, items, fields) = match self {
            Self::Schools => (
                "registration.v1.SchoolService",
                "ImportSchools",
                "ListSchools",
                "schools",
                SCHOOLS,
            ),
            Self::Classes => (
                "registration.v1.SchoolClassService",
                "ImportSchoolClasses",
                "ListSchoolClasses",
                "school_classes",
                CLASSES,
            ),
            Self::Students => (
                "registration.v1.StudentService",
                "ImportStudents",
                "ListStudents",
                "students",
                STUDENTS,
            ),
            Self::Teachers => (
                "staffing.v1.TeacherService",
                "ImportTeachers",
                "ListTeachers",
                "teachers",
                TEACHERS,
            ),
            Self::Sites => (
                "assets.v1.SiteService",
                "ImportSites",
                "ListSites",
                "sites",
                SITES,
            ),
        };
        Layout {
            service,
            import,
            list,
            items,
            fields,
        }
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Schools => "schools",
            Self::Classes => "classes",
            Self::Students => "students",
            Self::Teachers => "teachers",
            Self::Sites => "sites",
        }
    }

    /// The columns as the reader of tables wants them.
    pub fn columns(self) -> &'static [Column] {
        static ALL: LazyLock<Vec<(Kind, Vec<Column>)>> = LazyLock::new(|| {
            let columns = |kind: Kind| kind.layout().fields.iter().map(Field::column).collect();
            Kind::ALL.map(|kind| (kind, columns(kind))).into()
        });
        let found = ALL.iter().find(|(kind, _)| *kind == self);
        found.map_or(&[], |(_, columns)| columns.as_slice())
    }
}

// === impl Layout ===

impl Layout {
    /// The method that takes a stream of rows.
    ///
    /// # Errors
    /// When the contract has no such method, which a test excludes.
    pub fn import(&self) -> anyhow::Result<MethodDescriptor> {
        self.method(self.import)
    }

    /// The method that lists.
    ///
    /// # Errors
    /// As [`Self::import`].
    pub fn list(&self) -> anyhow::Result<MethodDescriptor> {
        self.method(self.list)
    }

    /// The message of a row.
    ///
    /// # Errors
    /// As [`Self::import`].
    pub fn row(&self) -> anyhow::Result<MessageDescriptor> {
        let row = self
            .import()?
            .input()
            .get_field_by_name("row")
            .map(|field| field.kind());
        row.and_then(|kind| kind.as_message().cloned())
            .context("the contract's import has no row")
    }

    fn method(&self, name: &str) -> anyhow::Result<MethodDescriptor> {
        let service = POOL.get_service_by_name(&format!("junheng.{}", self.service));
        service
            .and_then(|service| service.methods().find(|method| method.name() == name))
            .with_context(|| format!("the contract has no {}/{name}", self.service))
    }
}

/// The gRPC path of a method.
///
/// # Errors
/// Never for a method of the contract.
pub fn path_of(method: &MethodDescriptor) -> anyhow::Result<PathAndQuery> {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    Ok(path.parse()?)
}

// === impl Field ===

impl Field {
    fn column(&self) -> Column {
        Column {
            field: self.proto,
            zh: self.zh,
            required: self.required,
        }
    }

    /// Both names, for messages.
    pub fn label(&self) -> String {
        format!("{} ({})", self.zh, self.proto)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_fills_a_field_and_every_field_has_a_column() {
        for kind in Kind::ALL {
            let layout = kind.layout();
            let row = layout.row().unwrap();
            for field in layout.fields {
                let descriptor = row.get_field_by_name(field.proto);
                assert!(descriptor.is_some(), "{kind:?} {}", field.proto);
                let choice = matches!(field.cell, Cell::Choice);
                let is_enum = descriptor.unwrap().kind().as_enum().is_some();
                assert_eq!(choice, is_enum, "{kind:?} {}", field.proto);
            }
            for descriptor in row.fields().filter(|field| field.name() != "row") {
                let told = layout
                    .fields
                    .iter()
                    .any(|field| field.proto == descriptor.name());
                assert!(told, "{kind:?} {}", descriptor.name());
            }
            assert!(
                layout
                    .list()
                    .unwrap()
                    .output()
                    .get_field_by_name(layout.items)
                    .is_some()
            );
        }
    }
}

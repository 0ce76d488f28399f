//! A class of a school, and pupils registered in it one by one.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::{
    CreateSchoolClassRequest, CreateStudentRequest, GetStudentRequest, SchoolClass, Student,
};

use crate::county::{County, School};
use crate::person::Person;
use crate::pupils::student_of;
use crate::refusal::answered;
use crate::request_id;
use crate::world::World;

/// A class of the first grade in a primary school of its own.
#[derive(Clone, Debug)]
pub struct Classroom {
    /// The county.
    pub county: County,
    /// The school.
    pub school: School,
    /// The class.
    pub class: SchoolClass,
}

// === impl Classroom ===

impl Classroom {
    /// A class in the county of all stories that look at their own schools only.
    pub async fn shared(world: &World) -> Self {
        Self::open(County::shared(world).await).await
    }

    /// A class in a county that no other story plays in.
    pub async fn fresh(world: &World) -> Self {
        Self::open(County::fresh(world).await).await
    }

    /// A class in a school of a county.
    pub async fn open(county: County) -> Self {
        let school = county.school(SchoolKind::Primary).await;
        let request = CreateSchoolClassRequest {
            parent: school.name.clone(),
            school_class: Some(SchoolClass {
                stage: Stage::Primary.into(),
                grade: 1,
                number: 1,
                ..SchoolClass::default()
            }),
            request_id: request_id(),
        };
        let class = answered(county.clerk.classes().create_school_class(request).await);
        Self {
            county,
            school,
            class,
        }
    }

    /// A request to register a person with a resident card.
    pub fn request(&self, person: &Person) -> CreateStudentRequest {
        CreateStudentRequest {
            parent: self.school.name.clone(),
            student: Some(Student {
                school_class: self.class.name.clone(),
                display_name: person.display_name.clone(),
                identity_type: IdentityType::ResidentCard.into(),
                identity_number: person.number.clone(),
                sex: person.sex.into(),
                birth_date: person.birth_date.clone(),
                ethnicity: "01".to_owned(),
                ..Student::default()
            }),
            request_id: request_id(),
        }
    }

    /// The same with the student changed.
    pub fn request_with(
        &self,
        person: &Person,
        change: impl FnOnce(&mut Student),
    ) -> CreateStudentRequest {
        let mut request = self.request(person);
        change(request.student.get_or_insert_default());
        request
    }

    /// Registers a person.
    ///
    /// # Panics
    /// When the person is refused.
    pub async fn register(&self, person: &Person) -> Student {
        self.register_with(person, |_| {}).await
    }

    /// Registers a person with the student changed.
    ///
    /// # Panics
    /// When the person is refused.
    pub async fn register_with(
        &self,
        person: &Person,
        change: impl FnOnce(&mut Student),
    ) -> Student {
        let request = self.request_with(person, change);
        student_of(answered(
            self.county.clerk.students().create_student(request).await,
        ))
    }

    /// The student as the county's clerk sees it now.
    ///
    /// # Panics
    /// When the call is refused.
    pub async fn student(&self, name: &str) -> Student {
        let request = GetStudentRequest {
            name: name.to_owned(),
        };
        answered(self.county.clerk.students().get_student(request).await)
    }
}

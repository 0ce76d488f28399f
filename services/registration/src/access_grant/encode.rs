//! Grants and looks as callers and the journal see them.

use junheng_kernel::clock::timestamp;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::etag;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{AccessGrant, AccessReveal};

use crate::approval::fields_of_text;
use crate::entity::{access_grant, access_reveal};

/// The resource name.
pub(crate) fn name_of(grant: &access_grant::Model) -> String {
    format!("accessGrants/{}", grant.id)
}

/// The grant.
pub(crate) fn encode(grant: &access_grant::Model) -> AccessGrant {
    AccessGrant {
        name: name_of(grant),
        state: grant.state,
        holder: grant.holder.clone(),
        holder_post: grant.holder_post.clone(),
        students_of: grant.students_of.clone(),
        fields: fields_of_text(&grant.clear_fields),
        purpose: grant.purpose.clone(),
        expire_date: grant.expire_date.clone(),
        quota: grant.quota,
        used_count: grant.used_count,
        due_date: grant.due_date.clone(),
        due_provisional: grant.due_provisional,
        create_time: Some(timestamp(grant.create_micros)),
        etag: etag(grant.version),
    }
}

/// The look.
pub(crate) fn encode_reveal(reveal: &access_reveal::Model) -> AccessReveal {
    AccessReveal {
        name: format!("accessReveals/{}", reveal.id),
        access_grant: format!("accessGrants/{}", reveal.access_grant),
        student: format!("students/{}", reveal.student),
        account: reveal.account.clone(),
        fields: fields_of_text(&reveal.clear_fields),
        reveal_time: Some(timestamp(reveal.reveal_micros)),
    }
}

/// A journal entry about a grant.
pub(crate) fn about(grant: &access_grant::Model) -> Entry {
    Entry::about(
        name_of(grant),
        grant.place,
        grant.school,
        DataClass::Internal,
    )
}

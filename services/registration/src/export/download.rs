//! Sends an export: recorded before the first byte, closed with rows and digest after the last.

use std::time::Duration;

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::journal::record;
use junheng_kernel::name::{Parent, id_of};
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::download_export_response::Part;
use junheng_proto::registration::v1::export::Encoding;
use junheng_proto::registration::v1::{DownloadExportResponse, ExportDownload, ExportManifest};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tonic::Status;
use uuid::Uuid;

use super::columns::WATERMARK;
use super::content::Content;
use super::encode::{about, encode_download, name_of};
use super::error::ExportError;
use super::file::File;
use super::turns::{Turn, Turns};
use super::{rules, store};
use crate::approval;
use crate::approval::error::ApprovalError;
use crate::entity::{export, export_download};
use crate::rule_book::{RegionPath, RuleBook};
use crate::school::parent;

/// Parts that may wait for a slow reader; each holds one page.
const AHEAD: usize = 2;
/// How long a reader may take none, before the download breaks off: it holds a connection and a moment of the database.
const PATIENCE: Duration = Duration::from_secs(60);

type Message = Result<DownloadExportResponse, Status>;

/// A download that may begin.
struct Begun {
    download: export_download::Model,
    content: Content,
}

/// The way to the reader.
struct Way {
    parts: mpsc::Sender<Message>,
    turn: Turn,
}

/// Judges, waits for a turn, records that the download begins, and starts to send.
pub(super) async fn start(
    context: &Context,
    turns: &Turns,
    caller: Caller,
    name: &str,
) -> Result<mpsc::Receiver<Message>, ExportError> {
    judged(
        context.store.reader(),
        context,
        &caller,
        id_of("exports", name)?,
    )
    .await?;
    // Before it is recorded: who is told to come again has downloaded nothing.
    let turn = turns.next().await?;
    let begun = begin(context, &caller, name).await?;
    let (parts, taken) = mpsc::channel(AHEAD);
    let context = context.clone();
    let tasks = context.tasks.clone();
    tasks.spawn(async move {
        let stop = context.stop.clone();
        let way = Way { parts, turn };
        let sent = tokio::select! {
            sent = send(&context, &caller, begun, &way) => sent,
            () = stop.cancelled() => Err(KernelError::StreamEnded),
        };
        if let Err(error) = sent {
            // Who has gone away needs no answer.
            let _gone = way.parts.try_send(Err(into_status(error)));
        }
    });
    Ok(taken)
}

async fn begin(context: &Context, caller: &Caller, name: &str) -> Result<Begun, ExportError> {
    let id = id_of("exports", name)?;
    let (work_context, work_caller) = (context.clone(), caller.clone());
    let download_id = Uuid::now_v7();
    let download_name = format!("exportDownloads/{download_id}");
    let _told: ExportDownload = context
        .store
        .write(
            caller,
            RequestKey::own(&download_name),
            move |tx| async move {
                let (context, caller) = (work_context, work_caller);
                parent::held::<export::Entity>(&*tx, &caller.scope, id).await?;
                // Held, so that two downloads at once are counted one after the other.
                store::hold(&*tx, id).await?;
                let export = judged(&*tx, &context, &caller, id).await?;
                let region = approval::region_of(export.place);
                let path = RegionPath::of(&context.regions, &region);
                let today = context.clock.today();
                let most = RuleBook::builtin()?.count("export.most_downloads", &path, today)?;
                if store::count_downloads(&*tx, id).await? >= u64::from(most) {
                    return Err(ApprovalError::Exhausted {
                        name: name_of(&export),
                        quota: most.into(),
                    }
                    .into());
                }
                let download = export_download::Model {
                    id: download_id,
                    export: id,
                    place: export.place,
                    school: export.school,
                    start_micros: context.clock.now_micros(),
                    end_micros: 0,
                    row_count: 0,
                    digest: String::new(),
                };
                store::begin(&*tx, download.clone()).await?;
                let told = encode_download(&download);
                let entry = about(&export, DataClass::Sensitive)
                    .note(&export.purpose)
                    .with(record(
                        &told.name,
                        export.place,
                        export.school,
                        None,
                        &told,
                        true,
                    ));
                Ok::<_, ExportError>((told, entry))
            },
        )
        .await?;
    let reader = context.store.reader();
    let export = judged(reader, context, caller, id).await?;
    let recorded = store::downloads(reader, id).await?.into_iter();
    let download = recorded
        .rev()
        .find(|one| one.id == download_id)
        .ok_or_else(|| KernelError::not_found(&download_name))?;
    let students_of = Parent::of(caller, &context.regions, "parent", &export.students_of)?;
    let minute = junheng_kernel::calendar::minute_in_china(download.start_micros);
    let watermark = rules::watermark(
        &caller.display_name,
        &caller.account,
        &minute,
        &download_name,
        &name_of(&export),
    );
    let content = Content::new(export, caller.scope.clone(), students_of, watermark);
    Ok(Begun { download, content })
}

async fn judged(
    database: &impl sea_orm::ConnectionTrait,
    context: &Context,
    caller: &Caller,
    id: Uuid,
) -> Result<export::Model, ExportError> {
    let export = resource::get::<export::Entity>(database, &caller.scope, id).await?;
    let today = context.clock.today();
    rules::check_use(
        &name_of(&export),
        &export,
        &caller.account,
        &caller.post(),
        today,
    )?;
    Ok(export)
}

async fn send(
    context: &Context,
    caller: &Caller,
    begun: Begun,
    way: &Way,
) -> Result<(), KernelError> {
    let Begun {
        mut download,
        mut content,
    } = begun;
    let header: Vec<String> = content
        .columns()
        .iter()
        .map(|column| column.zh)
        .chain(std::iter::once(WATERMARK))
        .map(str::to_owned)
        .collect();
    let told = encode_download(&download);
    let manifest = ExportManifest {
        download: told.name.clone(),
        file_name: format!("学生-{}.csv", download.id.simple()),
        columns: header.clone(),
        watermark: content.watermark.clone(),
    };
    way.pass(Part::Manifest(manifest)).await?;
    let encoding = Encoding::try_from(content.export.encoding).unwrap_or_default();
    let mut file = File::new(encoding);
    way.pass(Part::Chunk(file.write(&[header])?)).await?;
    let moment = context.store.snapshot().await?;
    loop {
        let rows = content.next(&moment, &context.store.keys).await?;
        if rows.is_empty() {
            break;
        }
        download.row_count += i64::try_from(rows.len()).unwrap_or(i64::MAX);
        way.pass(Part::Chunk(file.write(&rows)?)).await?;
    }
    drop(moment);
    let last = format!(
        "共{}行 {} 仅限申请用途使用,严禁外传",
        download.row_count, content.watermark
    );
    way.pass(Part::Chunk(file.write(&[vec![last]])?)).await?;
    download.digest = file.digest();
    download.end_micros = context.clock.now_micros();
    let receipt = end(context, caller, &content.export, &told, download).await?;
    way.pass(Part::Receipt(receipt)).await
}

/// Keeps rows and digest of a download that was sent to its end.
async fn end(
    context: &Context,
    caller: &Caller,
    export: &export::Model,
    before: &ExportDownload,
    ended: export_download::Model,
) -> Result<ExportDownload, KernelError> {
    let key = RequestKey::own(format!("{}/end", before.name));
    let (export, before) = (export.clone(), before.clone());
    context
        .store
        .write(caller, key, move |tx| async move {
            store::end(&*tx, &ended).await?;
            let told = encode_download(&ended);
            let note = format!("{}行 SM3 {}", told.row_count, told.digest);
            let entry = about(&export, DataClass::Sensitive)
                .note(&note)
                .with(record(
                    &told.name,
                    export.place,
                    export.school,
                    Some(&before),
                    &told,
                    true,
                ));
            Ok::<_, KernelError>((told, entry))
        })
        .await
}

// === impl Way ===

impl Way {
    /// Fails with `STREAM_ENDED` when the reader takes none for too long, or the download as a whole takes too long.
    async fn pass(&self, part: Part) -> Result<(), KernelError> {
        let message = DownloadExportResponse { part: Some(part) };
        let now = Instant::now();
        let until = Ord::min(now + PATIENCE, self.turn.until);
        if now >= until {
            return Err(KernelError::StreamEnded);
        }
        match timeout_at(until, self.parts.send(Ok(message))).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(KernelError::StreamEnded),
        }
    }
}

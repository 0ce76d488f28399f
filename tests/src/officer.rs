//! An officer who is signed in, with a client for each service of the contract.

use junheng_proto::assets::v1::site_service_client::SiteServiceClient;
use junheng_proto::evidence::v1::measure_service_client::MeasureServiceClient;
use junheng_proto::identity::v1::account_service_client::AccountServiceClient;
use junheng_proto::identity::v1::session_service_client::SessionServiceClient;
use junheng_proto::inspection::v1::campaign_service_client::CampaignServiceClient;
use junheng_proto::inspection::v1::evidence_item_service_client::EvidenceItemServiceClient;
use junheng_proto::inspection::v1::figure_service_client::FigureServiceClient;
use junheng_proto::inspection::v1::framework_service_client::FrameworkServiceClient;
use junheng_proto::inspection::v1::school_report_service_client::SchoolReportServiceClient;
use junheng_proto::journal::v1::journal_service_client::JournalServiceClient;
use junheng_proto::registration::v1::school_class_service_client::SchoolClassServiceClient;
use junheng_proto::registration::v1::school_service_client::SchoolServiceClient;
use junheng_proto::registration::v1::student_service_client::StudentServiceClient;
use junheng_proto::staffing::v1::teacher_service_client::TeacherServiceClient;
use junheng_proto::workflow::v1::workflow_service_client::WorkflowServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

/// A channel that shows the officer's token with every call.
pub type Link = InterceptedService<Channel, Bearer>;

/// Shows a token, or none.
#[derive(Clone, Debug)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

/// Somebody who calls, signed in or not.
#[derive(Clone, Debug)]
pub struct Officer {
    /// The account, `accounts/{id}`; empty for nobody.
    pub account: String,
    /// The name to sign in with.
    pub sign_in_name: String,
    /// The password.
    pub password: String,
    /// The access token.
    pub token: String,
    /// The role, `county.clerk`.
    pub role: String,
    /// The organisation, `regions/{code}` or `schools/{id}`.
    pub organisation: String,
    /// The way to the gateway.
    pub channel: Channel,
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request
                .metadata_mut()
                .insert("authorization", token.clone());
        }
        Ok(request)
    }
}

// === impl Officer ===

impl Officer {
    /// Somebody without a sign-in.
    pub fn nobody(channel: Channel) -> Self {
        Self {
            account: String::new(),
            sign_in_name: String::new(),
            password: String::new(),
            token: String::new(),
            role: String::new(),
            organisation: String::new(),
            channel,
        }
    }

    /// The same officer over another channel.
    pub fn over(&self, channel: Channel) -> Self {
        Self {
            channel,
            ..self.clone()
        }
    }

    /// The channel with the officer's token.
    pub fn link(&self) -> Link {
        let token = format!("Bearer {}", self.token).parse().ok();
        let bearer = Bearer(token.filter(|_| !self.token.is_empty()));
        InterceptedService::new(self.channel.clone(), bearer)
    }

    /// 学校.
    pub fn schools(&self) -> SchoolServiceClient<Link> {
        SchoolServiceClient::new(self.link())
    }

    /// 班级.
    pub fn classes(&self) -> SchoolClassServiceClient<Link> {
        SchoolClassServiceClient::new(self.link())
    }

    /// 学籍.
    pub fn students(&self) -> StudentServiceClient<Link> {
        StudentServiceClient::new(self.link())
    }

    /// 教职工.
    pub fn teachers(&self) -> TeacherServiceClient<Link> {
        TeacherServiceClient::new(self.link())
    }

    /// 校园.
    pub fn sites(&self) -> SiteServiceClient<Link> {
        SiteServiceClient::new(self.link())
    }

    /// 基础数据.
    pub fn measures(&self) -> MeasureServiceClient<Link> {
        MeasureServiceClient::new(self.link())
    }

    /// 指标体系.
    pub fn frameworks(&self) -> FrameworkServiceClient<Link> {
        FrameworkServiceClient::new(self.link())
    }

    /// 督导评估任务.
    pub fn campaigns(&self) -> CampaignServiceClient<Link> {
        CampaignServiceClient::new(self.link())
    }

    /// 学校数据确认表.
    pub fn reports(&self) -> SchoolReportServiceClient<Link> {
        SchoolReportServiceClient::new(self.link())
    }

    /// 评估项目.
    pub fn items(&self) -> EvidenceItemServiceClient<Link> {
        EvidenceItemServiceClient::new(self.link())
    }

    /// 结论与数据.
    pub fn figures(&self) -> FigureServiceClient<Link> {
        FigureServiceClient::new(self.link())
    }

    /// 审计与变更.
    pub fn journal(&self) -> JournalServiceClient<Link> {
        JournalServiceClient::new(self.link())
    }

    /// 流程.
    pub fn workflows(&self) -> WorkflowServiceClient<Link> {
        WorkflowServiceClient::new(self.link())
    }

    /// 账号.
    pub fn accounts(&self) -> AccountServiceClient<Link> {
        AccountServiceClient::new(self.link())
    }

    /// 会话.
    pub fn sessions(&self) -> SessionServiceClient<Link> {
        SessionServiceClient::new(self.link())
    }
}

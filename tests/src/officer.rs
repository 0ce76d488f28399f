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
use junheng_proto::obstacle::v1::obstacle_service_client::ObstacleServiceClient;
use junheng_proto::registration::v1::access_grant_service_client::AccessGrantServiceClient;
use junheng_proto::registration::v1::admission_service_client::AdmissionServiceClient;
use junheng_proto::registration::v1::aid_service_client::AidServiceClient;
use junheng_proto::registration::v1::attendance_service_client::AttendanceServiceClient;
use junheng_proto::registration::v1::attendance_zone_service_client::AttendanceZoneServiceClient;
use junheng_proto::registration::v1::certificate_service_client::CertificateServiceClient;
use junheng_proto::registration::v1::class_draw_service_client::ClassDrawServiceClient;
use junheng_proto::registration::v1::class_size_service_client::ClassSizeServiceClient;
use junheng_proto::registration::v1::comparison_service_client::ComparisonServiceClient;
use junheng_proto::registration::v1::dropout_case_service_client::DropoutCaseServiceClient;
use junheng_proto::registration::v1::dropout_notice_service_client::DropoutNoticeServiceClient;
use junheng_proto::registration::v1::dropout_rate_service_client::DropoutRateServiceClient;
use junheng_proto::registration::v1::dropout_report_service_client::DropoutReportServiceClient;
use junheng_proto::registration::v1::duplicate_case_service_client::DuplicateCaseServiceClient;
use junheng_proto::registration::v1::export_service_client::ExportServiceClient;
use junheng_proto::registration::v1::finding_service_client::FindingServiceClient;
use junheng_proto::registration::v1::forecast_service_client::ForecastServiceClient;
use junheng_proto::registration::v1::group_recognition_service_client::GroupRecognitionServiceClient;
use junheng_proto::registration::v1::key_change_service_client::KeyChangeServiceClient;
use junheng_proto::registration::v1::ledger_service_client::LedgerServiceClient;
use junheng_proto::registration::v1::overdue_service_client::OverdueServiceClient;
use junheng_proto::registration::v1::promotion_service_client::PromotionServiceClient;
use junheng_proto::registration::v1::quarantine_service_client::QuarantineServiceClient;
use junheng_proto::registration::v1::reorganisation_service_client::ReorganisationServiceClient;
use junheng_proto::registration::v1::school_class_service_client::SchoolClassServiceClient;
use junheng_proto::registration::v1::school_service_client::SchoolServiceClient;
use junheng_proto::registration::v1::statistics_service_client::StatisticsServiceClient;
use junheng_proto::registration::v1::status_change_service_client::StatusChangeServiceClient;
use junheng_proto::registration::v1::student_change_service_client::StudentChangeServiceClient;
use junheng_proto::registration::v1::student_number_service_client::StudentNumberServiceClient;
use junheng_proto::registration::v1::student_service_client::StudentServiceClient;
use junheng_proto::registration::v1::transfer_service_client::TransferServiceClient;
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

    /// 布局调整.
    pub fn reorganisations(&self) -> ReorganisationServiceClient<Link> {
        ReorganisationServiceClient::new(self.link())
    }

    /// 班额.
    pub fn class_sizes(&self) -> ClassSizeServiceClient<Link> {
        ClassSizeServiceClient::new(self.link())
    }

    /// 班级.
    pub fn classes(&self) -> SchoolClassServiceClient<Link> {
        SchoolClassServiceClient::new(self.link())
    }

    /// 学籍.
    pub fn students(&self) -> StudentServiceClient<Link> {
        StudentServiceClient::new(self.link())
    }

    /// 待处理数据.
    pub fn quarantine(&self) -> QuarantineServiceClient<Link> {
        QuarantineServiceClient::new(self.link())
    }

    /// 转学.
    pub fn transfers(&self) -> TransferServiceClient<Link> {
        TransferServiceClient::new(self.link())
    }

    /// 考勤.
    pub fn attendance(&self) -> AttendanceServiceClient<Link> {
        AttendanceServiceClient::new(self.link())
    }

    /// 控辍个案.
    pub fn dropout_cases(&self) -> DropoutCaseServiceClient<Link> {
        DropoutCaseServiceClient::new(self.link())
    }

    /// 控辍文书.
    pub fn dropout_notices(&self) -> DropoutNoticeServiceClient<Link> {
        DropoutNoticeServiceClient::new(self.link())
    }

    /// 部门比对.
    pub fn comparisons(&self) -> ComparisonServiceClient<Link> {
        ComparisonServiceClient::new(self.link())
    }

    /// 双重学籍.
    pub fn duplicate_cases(&self) -> DuplicateCaseServiceClient<Link> {
        DuplicateCaseServiceClient::new(self.link())
    }

    /// 学籍号.
    pub fn student_numbers(&self) -> StudentNumberServiceClient<Link> {
        StudentNumberServiceClient::new(self.link())
    }

    /// 关键信息变更.
    pub fn key_changes(&self) -> KeyChangeServiceClient<Link> {
        KeyChangeServiceClient::new(self.link())
    }

    /// 学籍异动.
    pub fn status_changes(&self) -> StatusChangeServiceClient<Link> {
        StatusChangeServiceClient::new(self.link())
    }

    /// 控辍保学排查.
    pub fn findings(&self) -> FindingServiceClient<Link> {
        FindingServiceClient::new(self.link())
    }

    /// 升级与小升初.
    pub fn promotions(&self) -> PromotionServiceClient<Link> {
        PromotionServiceClient::new(self.link())
    }

    /// 义务教育证书.
    pub fn certificates(&self) -> CertificateServiceClient<Link> {
        CertificateServiceClient::new(self.link())
    }

    /// 学区.
    pub fn zones(&self) -> AttendanceZoneServiceClient<Link> {
        AttendanceZoneServiceClient::new(self.link())
    }

    /// 招生.
    pub fn admissions(&self) -> AdmissionServiceClient<Link> {
        AdmissionServiceClient::new(self.link())
    }

    /// 分班.
    pub fn class_draws(&self) -> ClassDrawServiceClient<Link> {
        ClassDrawServiceClient::new(self.link())
    }

    /// 生源预测.
    pub fn forecasts(&self) -> ForecastServiceClient<Link> {
        ForecastServiceClient::new(self.link())
    }

    /// 脱敏查阅授权.
    pub fn grants(&self) -> AccessGrantServiceClient<Link> {
        AccessGrantServiceClient::new(self.link())
    }

    /// 学籍数据导出.
    pub fn exports(&self) -> ExportServiceClient<Link> {
        ExportServiceClient::new(self.link())
    }

    /// 特殊群体认定.
    pub fn recognitions(&self) -> GroupRecognitionServiceClient<Link> {
        GroupRecognitionServiceClient::new(self.link())
    }

    /// 学生资助.
    pub fn aid(&self) -> AidServiceClient<Link> {
        AidServiceClient::new(self.link())
    }

    /// 控辍保学指标.
    pub fn dropout_rates(&self) -> DropoutRateServiceClient<Link> {
        DropoutRateServiceClient::new(self.link())
    }

    /// 控辍保学报告.
    pub fn dropout_reports(&self) -> DropoutReportServiceClient<Link> {
        DropoutReportServiceClient::new(self.link())
    }

    /// 控辍保学台账.
    pub fn ledgers(&self) -> LedgerServiceClient<Link> {
        LedgerServiceClient::new(self.link())
    }

    /// 督办.
    pub fn overdue(&self) -> OverdueServiceClient<Link> {
        OverdueServiceClient::new(self.link())
    }

    /// 学籍异动.
    pub fn changes(&self) -> StudentChangeServiceClient<Link> {
        StudentChangeServiceClient::new(self.link())
    }

    /// 统计.
    pub fn statistics(&self) -> StatisticsServiceClient<Link> {
        StatisticsServiceClient::new(self.link())
    }

    /// 教职工.
    pub fn teachers(&self) -> TeacherServiceClient<Link> {
        TeacherServiceClient::new(self.link())
    }

    /// 校园.
    pub fn sites(&self) -> SiteServiceClient<Link> {
        SiteServiceClient::new(self.link())
    }

    /// 撤并前未处置事项.
    pub fn obstacles(&self) -> ObstacleServiceClient<Link> {
        ObstacleServiceClient::new(self.link())
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

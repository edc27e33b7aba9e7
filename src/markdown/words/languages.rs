//! What headings and lines say, language by language. Another language is another entry here.
//!
//! Phrases are lower case and stand as words in a heading or line in lower case. English stands in full in the parent
//! module; the others hold what teams write besides the English words they use anyway.

use super::{
    AFTER_ROLLBACK, AFTER_SUCCESS, AFTERWARDS, CONDITION, ON_DEMAND, OPTIONAL_WORDS, OWNER, PER_ENVIRONMENT, READY,
    REFERENCE, ROLLBACK, ROLLBACK_LEAD, ROLLBACK_PLAN, ROLLBACK_PREPARED, SECTION_KINDS, SIGNATURE, SUCCESS_LEAD,
    WATCH, WATCH_LEAD,
};
use super::{Pattern, phrases};
use crate::domain::meaning::SectionKind;
use std::sync::LazyLock;

/// A list of phrases.
pub(in crate::markdown) type Phrases = &'static [&'static str];

/// The lists of one language.
pub(in crate::markdown) struct Language {
    /// Headings about getting ready for a rollback, or about doing without one.
    pub(in crate::markdown) rollback_prepared: Phrases,
    /// Headings of a plan, which may be the procedure or only be ready: its lines decide.
    pub(in crate::markdown) rollback_plan: Phrases,
    /// Words of lines that something is ready, not that it is to be done now.
    pub(in crate::markdown) ready: Phrases,
    /// Headings of rollback criteria.
    pub(in crate::markdown) watch: Phrases,
    /// First lines that start a list of rollback criteria.
    pub(in crate::markdown) watch_lead: Phrases,
    pub(in crate::markdown) after_rollback: Phrases,
    pub(in crate::markdown) rollback: Phrases,
    pub(in crate::markdown) after_success: Phrases,
    pub(in crate::markdown) success_lead: Phrases,
    pub(in crate::markdown) rollback_lead: Phrases,
    pub(in crate::markdown) on_demand: Phrases,
    /// Headings only to be read.
    pub(in crate::markdown) reference: Phrases,
    pub(in crate::markdown) per_environment: Phrases,
    /// What makes a span a time afterwards.
    pub(in crate::markdown) afterwards: Phrases,
    /// "(optional)", "if needed".
    pub(in crate::markdown) optional: Phrases,
    /// How conditions start.
    pub(in crate::markdown) condition: Phrases,
    /// Labels of who does it.
    pub(in crate::markdown) owner: Phrases,
    /// Labels of blanks that make a line a sign-off.
    pub(in crate::markdown) signature: Phrases,
    pub(in crate::markdown) kinds: &'static [(SectionKind, Phrases)],
}

const NONE: Language = Language {
    rollback_prepared: &[],
    rollback_plan: &[],
    ready: &[],
    watch: &[],
    watch_lead: &[],
    after_rollback: &[],
    rollback: &[],
    after_success: &[],
    success_lead: &[],
    rollback_lead: &[],
    on_demand: &[],
    reference: &[],
    per_environment: &[],
    afterwards: &[],
    optional: &[],
    condition: &[],
    owner: &[],
    signature: &[],
    kinds: &[],
};

const ENGLISH: Language = Language {
    rollback_prepared: ROLLBACK_PREPARED,
    rollback_plan: ROLLBACK_PLAN,
    ready: READY,
    watch: WATCH,
    watch_lead: WATCH_LEAD,
    after_rollback: AFTER_ROLLBACK,
    rollback: ROLLBACK,
    after_success: AFTER_SUCCESS,
    success_lead: SUCCESS_LEAD,
    rollback_lead: ROLLBACK_LEAD,
    on_demand: ON_DEMAND,
    reference: REFERENCE,
    per_environment: PER_ENVIRONMENT,
    afterwards: AFTERWARDS,
    optional: OPTIONAL_WORDS,
    condition: CONDITION,
    owner: OWNER,
    signature: SIGNATURE,
    kinds: SECTION_KINDS,
};

const GERMAN: Language = Language {
    rollback_prepared: &["rollback-vorbereitung", "rollback vorbereiten", "kein rollback", "ohne rollback"],
    rollback_plan: &["rollback-plan", "rollbackplan", "rückfallplan"],
    ready: &["dokumentiert", "getestet", "geprüft", "bereit", "vorhanden", "abgestimmt", "vorbereitet"],
    watch: &["rollback-kriterien", "rollbackkriterien", "abbruchkriterien", "kriterien für", "rollback-auslöser"],
    watch_lead: &["rollback wenn", "rollback, wenn", "rollback falls", "rollback, falls", "zurückrollen, wenn"],
    after_rollback: &["nach dem rollback", "nach einem rollback"],
    rollback: &["zurückrollen", "rückfall", "rücksetzung", "rückabwicklung"],
    after_success: &["bei erfolg", "nach erfolgreichem"],
    success_lead: &["wenn erfolgreich", "bei erfolg", "falls erfolgreich"],
    rollback_lead: &["nach einem rollback", "wenn zurückgerollt"],
    on_demand: &["fehlerbehebung", "problembehebung", "störungsbehebung", "bei problemen"],
    reference: &["hinweise", "anhang", "überblick", "übersicht", "einleitung", "hintergrund", "glossar", "quellen"],
    per_environment: &["umgebungsspezifisch", "je umgebung", "pro umgebung"],
    afterwards: &["nach dem", "nach der", "überwachung", "nachbereitung"],
    optional: &["optional", "falls nötig", "falls erforderlich", "bei bedarf", "wenn nötig", "falls zutreffend"],
    condition: &["falls", "wenn", "sofern"],
    owner: &["verantwortlich", "zuständig", "verantwortlicher"],
    signature: &["unterschrift", "datum"],
    kinds: &[
        (SectionKind::Contacts, &["kontakt", "kontakte", "ansprechpartner", "eskalation", "rufbereitschaft"]),
        (SectionKind::SignOff, &["freigabe", "freigaben", "genehmigung", "abnahme"]),
        (SectionKind::SuccessCriteria, &["erfolgskriterien", "abnahmekriterien"]),
        (SectionKind::Kpis, &["kennzahlen"]),
        (SectionKind::Communication, &["kommunikation", "benachrichtigung", "benachrichtigungen", "ankündigung"]),
        (SectionKind::Information, &["informationen", "angaben", "eckdaten"]),
    ],
};

const FRENCH: Language = Language {
    rollback_prepared: &["préparation du retour arrière", "préparation du rollback", "sans rollback"],
    rollback_plan: &["plan de retour arrière", "plan de rollback", "plan de retour en arrière"],
    ready: &["documenté", "documentée", "testé", "testée", "prêt", "prête", "validé", "validée"],
    watch: &[
        "critères de rollback",
        "critères de retour arrière",
        "déclencheurs de rollback",
        "conditions de rollback",
    ],
    watch_lead: &["rollback si", "revenir en arrière si"],
    after_rollback: &["après le rollback", "après un rollback", "après le retour arrière"],
    rollback: &["retour arrière", "retour en arrière"],
    after_success: &["en cas de succès"],
    success_lead: &["en cas de succès", "si succès"],
    rollback_lead: &["en cas de rollback"],
    on_demand: &["dépannage", "résolution des problèmes", "en cas de problème"],
    reference: &["remarques", "annexe", "annexes", "aperçu", "introduction", "contexte", "glossaire", "références"],
    per_environment: &["par environnement", "spécifique à l'environnement"],
    afterwards: &["après", "surveillance", "suivi"],
    optional: &["optionnel", "facultatif", "si nécessaire", "si besoin", "le cas échéant", "si applicable"],
    condition: &["si", "en cas de", "en cas d'"],
    owner: &["responsable"],
    signature: &["signature", "date"],
    kinds: &[
        (SectionKind::Contacts, &["contacts", "astreinte", "escalade"]),
        (SectionKind::SignOff, &["validation finale", "approbation", "approbations"]),
        (SectionKind::SuccessCriteria, &["critères de succès", "critères de réussite", "critères d'acceptation"]),
        (SectionKind::Kpis, &["indicateurs"]),
        (SectionKind::Communication, &["communication", "notifications", "annonce"]),
        (SectionKind::Information, &["informations"]),
    ],
};

const SPANISH: Language = Language {
    rollback_prepared: &["preparación del rollback", "preparación de rollback", "sin rollback"],
    rollback_plan: &["plan de rollback", "plan de reversión", "plan de vuelta atrás"],
    ready: &["documentado", "documentada", "probado", "probada", "listo", "lista", "revisado", "revisada"],
    watch: &["criterios de rollback", "criterios de reversión", "condiciones de rollback", "disparadores de rollback"],
    watch_lead: &["rollback si", "revertir si", "hacer rollback si"],
    after_rollback: &["después del rollback", "tras el rollback"],
    rollback: &["reversión", "vuelta atrás", "marcha atrás"],
    after_success: &["en caso de éxito"],
    success_lead: &["en caso de éxito", "si tiene éxito"],
    rollback_lead: &["en caso de rollback"],
    on_demand: &["solución de problemas", "resolución de problemas"],
    reference: &["notas", "anexo", "apéndice", "introducción", "resumen", "referencias", "glosario"],
    per_environment: &["por entorno", "por ambiente", "específico del entorno"],
    afterwards: &["después", "posterior", "post-despliegue", "monitoreo", "seguimiento"],
    optional: &["opcional", "si es necesario", "si aplica", "de ser necesario", "si procede", "cuando aplique"],
    condition: &["si", "en caso de"],
    owner: &["responsable", "encargado"],
    signature: &["firma", "fecha"],
    kinds: &[
        (SectionKind::Contacts, &["contactos", "contacto", "escalamiento", "escalado"]),
        (SectionKind::SignOff, &["aprobación", "aprobaciones", "autorización"]),
        (SectionKind::SuccessCriteria, &["criterios de éxito", "criterios de aceptación"]),
        (SectionKind::Kpis, &["indicadores clave"]),
        (SectionKind::Communication, &["comunicación", "comunicaciones", "notificaciones", "anuncio"]),
        (SectionKind::Information, &["información"]),
    ],
};

const PORTUGUESE: Language = Language {
    rollback_prepared: &["preparação do rollback", "preparação de rollback", "sem rollback"],
    rollback_plan: &["plano de rollback", "plano de reversão"],
    ready: &["documentado", "documentada", "testado", "testada", "pronto", "pronta", "comunicado", "revisado"],
    watch: &["critérios de rollback", "gatilhos de rollback", "critérios para rollback", "condições de rollback"],
    watch_lead: &["rollback se", "reverter se", "fazer rollback se"],
    after_rollback: &["após o rollback", "depois do rollback"],
    rollback: &["reversão"],
    after_success: &["em caso de sucesso"],
    success_lead: &["em caso de sucesso", "se bem-sucedido"],
    rollback_lead: &["em caso de rollback"],
    on_demand: &["solução de problemas", "resolução de problemas"],
    reference: &["notas", "anexo", "apêndice", "introdução", "visão geral", "referências", "glossário"],
    per_environment: &["por ambiente", "específico do ambiente"],
    afterwards: &["após", "depois", "pós-", "monitoramento"],
    optional: &["opcional", "se necessário", "se aplicável", "caso necessário", "quando aplicável"],
    condition: &["se", "caso", "em caso de"],
    owner: &["responsável"],
    signature: &["assinatura", "data"],
    kinds: &[
        (SectionKind::Contacts, &["contatos", "contato", "contactos", "escalonamento", "plantão"]),
        (SectionKind::SignOff, &["aprovação", "aprovações", "autorização"]),
        (SectionKind::SuccessCriteria, &["critérios de sucesso", "critérios de aceitação", "critérios de aceite"]),
        (SectionKind::Kpis, &["indicadores"]),
        (SectionKind::Communication, &["comunicação", "notificações", "anúncio"]),
        (SectionKind::Information, &["informações"]),
    ],
};

const ITALIAN: Language = Language {
    rollback_plan: &["piano di rollback", "piano di ripristino"],
    ready: &["documentato", "documentata", "testato", "testata", "pronto", "pronta", "verificato"],
    watch: &["criteri di rollback", "condizioni di rollback"],
    watch_lead: &["rollback se"],
    after_rollback: &["dopo il rollback"],
    rollback: &["ripristino"],
    after_success: &["in caso di successo"],
    success_lead: &["in caso di successo"],
    rollback_lead: &["in caso di rollback"],
    on_demand: &["risoluzione dei problemi", "risoluzione problemi"],
    reference: &["appendice", "introduzione", "panoramica", "riferimenti", "glossario"],
    per_environment: &["per ambiente"],
    afterwards: &["dopo", "monitoraggio"],
    optional: &["opzionale", "facoltativo", "se necessario", "se applicabile", "se serve"],
    condition: &["se", "in caso di"],
    owner: &["responsabile"],
    signature: &["firma", "data"],
    kinds: &[
        (SectionKind::Contacts, &["contatti", "reperibilità"]),
        (SectionKind::SignOff, &["approvazione", "approvazioni"]),
        (SectionKind::SuccessCriteria, &["criteri di successo", "criteri di accettazione"]),
        (SectionKind::Communication, &["comunicazione", "comunicazioni", "notifiche"]),
        (SectionKind::Information, &["informazioni"]),
    ],
    ..NONE
};

const RUSSIAN: Language = Language {
    rollback_plan: &["план отката"],
    ready: &["задокументирован", "протестирован", "проверен", "готов", "подготовлен"],
    watch: &["критерии отката", "условия отката"],
    watch_lead: &["откатить, если", "откат, если"],
    after_rollback: &["после отката"],
    rollback: &["откат", "отката", "откатить"],
    after_success: &["при успехе", "после успешного"],
    success_lead: &["при успехе", "если успешно"],
    on_demand: &["устранение неполадок", "решение проблем"],
    reference: &["примечания", "примечание", "приложение", "введение", "обзор", "ссылки"],
    per_environment: &["по окружениям", "по средам"],
    afterwards: &["после", "мониторинг"],
    optional: &["опционально", "необязательно", "при необходимости", "если нужно", "если применимо"],
    condition: &["если"],
    owner: &["ответственный", "ответственные"],
    signature: &["подпись", "дата"],
    kinds: &[
        (SectionKind::Contacts, &["контакты", "эскалация", "дежурные"]),
        (SectionKind::SignOff, &["согласование", "утверждение"]),
        (SectionKind::SuccessCriteria, &["критерии успеха", "критерии приёмки", "критерии приемки"]),
        (SectionKind::Communication, &["коммуникация", "уведомления"]),
        (SectionKind::Information, &["информация"]),
    ],
    ..NONE
};

const JAPANESE: Language = Language {
    rollback_prepared: &["ロールバック準備", "切り戻し準備"],
    rollback_plan: &["ロールバック計画", "切り戻し計画"],
    ready: &["確認済", "準備済", "テスト済", "整備", "作成済"],
    watch: &["ロールバック基準", "ロールバック条件", "切り戻し基準", "切り戻し条件", "ロールバック判断"],
    watch_lead: &["場合はロールバック", "場合は切り戻し"],
    after_rollback: &["ロールバック後", "切り戻し後"],
    rollback: &["ロールバック", "切り戻し", "切戻し"],
    after_success: &["成功時", "成功した場合"],
    success_lead: &["成功した場合"],
    on_demand: &["トラブルシューティング", "障害対応", "トラブル対応"],
    reference: &["備考", "概要", "参考", "付録", "変更履歴", "はじめに", "用語"],
    per_environment: &["環境別", "環境ごと"],
    afterwards: &["リリース後", "デプロイ後", "監視"],
    optional: &["任意", "必要に応じて", "必要であれば", "必要な場合", "該当する場合", "オプション"],
    owner: &["担当", "担当者", "責任者"],
    signature: &["署名", "日付"],
    kinds: &[
        (SectionKind::Contacts, &["連絡先", "連絡網", "エスカレーション"]),
        (SectionKind::SignOff, &["承認", "サインオフ", "最終判断"]),
        (SectionKind::SuccessCriteria, &["成功基準", "完了条件", "合格基準", "受け入れ基準"]),
        (SectionKind::Communication, &["周知", "告知", "関係者への連絡"]),
    ],
    ..NONE
};

const CHINESE: Language = Language {
    rollback_prepared: &["回滚准备", "无需回滚"],
    rollback_plan: &["回滚方案", "回滚计划", "回滚预案"],
    ready: &["已准备", "已测试", "已验证", "已评审", "就绪", "已备好"],
    watch: &["回滚条件", "回滚标准", "回滚触发", "触发条件"],
    watch_lead: &["则回滚", "立即回滚", "需要回滚"],
    after_rollback: &["回滚后"],
    rollback: &["回滚", "回退", "回滾"],
    after_success: &["成功后", "成功时"],
    success_lead: &["如果成功", "若成功"],
    on_demand: &["故障排查", "问题排查", "故障处理", "常见问题"],
    reference: &["备注", "概述", "说明", "附录", "参考", "背景", "变更记录"],
    per_environment: &["分环境", "按环境", "各环境"],
    afterwards: &["上线后", "发布后", "部署后", "观测", "监控"],
    optional: &["可选", "如需要", "如有需要", "如适用", "如有", "非必须"],
    owner: &["负责人", "责任人", "执行人"],
    signature: &["签字", "签名", "日期"],
    kinds: &[
        (SectionKind::Contacts, &["联系人", "联系方式", "值班"]),
        (SectionKind::SignOff, &["审批", "签字", "签核", "批准"]),
        (SectionKind::SuccessCriteria, &["成功标准", "验收标准"]),
        (SectionKind::Communication, &["沟通", "通知"]),
        (SectionKind::Information, &["基本信息"]),
    ],
    ..NONE
};

const ARABIC: Language = Language {
    rollback: &["التراجع"],
    on_demand: &["استكشاف الأخطاء"],
    reference: &["ملاحظات", "نقاط مهمة"],
    optional: &["اختياري", "إذا لزم الأمر", "عند الحاجة"],
    condition: &["إذا"],
    kinds: &[(SectionKind::Contacts, &["جهات الاتصال"]), (SectionKind::SignOff, &["الموافقات", "الاعتماد"])],
    ..NONE
};

/// Every language that is read, English first.
pub(in crate::markdown) const LANGUAGES: &[Language] =
    &[ENGLISH, GERMAN, FRENCH, SPANISH, PORTUGUESE, ITALIAN, RUSSIAN, JAPANESE, CHINESE, ARABIC];

/// That list's phrases of every language.
pub(in crate::markdown) fn all(list: fn(&Language) -> Phrases) -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().flat_map(move |language| list(language).iter().copied())
}

/// The first kind a heading's words say.
pub(in crate::markdown) fn kind(heading: &str) -> Option<SectionKind> {
    KINDS.iter().find(|(_, phrases)| phrases.is_match(heading)).map(|(kind, _)| *kind)
}

static KINDS: LazyLock<Vec<(SectionKind, Pattern)>> = LazyLock::new(|| {
    let of = |kind: SectionKind| {
        let all = LANGUAGES.iter().flat_map(|l| l.kinds).filter(move |(k, _)| *k == kind);
        phrases(all.flat_map(|(_, phrases)| phrases.iter().copied()))
    };
    SECTION_KINDS.iter().map(|(kind, _)| (*kind, of(*kind))).collect()
});

/// One look at a text for all phrases of a list, in whatever language.
pub(in crate::markdown) mod says {
    use super::{LazyLock, Pattern, all, phrases};

    pub(in crate::markdown) static ROLLBACK_PREPARED: LazyLock<Pattern> =
        LazyLock::new(|| phrases(all(|l| l.rollback_prepared)));
    pub(in crate::markdown) static ROLLBACK_PLAN: LazyLock<Pattern> =
        LazyLock::new(|| phrases(all(|l| l.rollback_plan)));
    pub(in crate::markdown) static READY: LazyLock<Pattern> = LazyLock::new(|| phrases(all(|l| l.ready)));
    pub(in crate::markdown) static WATCH: LazyLock<Pattern> = LazyLock::new(|| phrases(all(|l| l.watch)));
    pub(in crate::markdown) static AFTER_ROLLBACK: LazyLock<Pattern> =
        LazyLock::new(|| phrases(all(|l| l.after_rollback)));
    pub(in crate::markdown) static ROLLBACK: LazyLock<Pattern> = LazyLock::new(|| phrases(all(|l| l.rollback)));
    pub(in crate::markdown) static AFTER_SUCCESS: LazyLock<Pattern> =
        LazyLock::new(|| phrases(all(|l| l.after_success)));
    pub(in crate::markdown) static ON_DEMAND: LazyLock<Pattern> = LazyLock::new(|| phrases(all(|l| l.on_demand)));
    pub(in crate::markdown) static REFERENCE: LazyLock<Pattern> = LazyLock::new(|| phrases(all(|l| l.reference)));
    pub(in crate::markdown) static PER_ENVIRONMENT: LazyLock<Pattern> =
        LazyLock::new(|| phrases(all(|l| l.per_environment)));
    pub(in crate::markdown) static AFTERWARDS: LazyLock<Pattern> = LazyLock::new(|| phrases(all(|l| l.afterwards)));
    pub(in crate::markdown) static SIGNATURE: LazyLock<Pattern> = LazyLock::new(|| phrases(all(|l| l.signature)));
}

//! Words that people and machines use when they ask, warn, sell or tell, in the languages that we can read.
//!
//! A cue is a group of phrases with one meaning. It decides nothing: what each group weighs is learned. CJK
//! phrases are matched character by character, since those languages write no blanks.

use crate::tokens::{ByHash, SEED, Token, fold, tokens};
use std::sync::LazyLock;

/// The groups. Their places are part of the model's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum Cue {
    Request,
    Answer,
    Today,
    Tomorrow,
    Soon,
    Later,
    AtOnce,
    UrgentWord,
    Outage,
    Security,
    MoneyDue,
    Cancelled,
    Meeting,
    Marketing,
    Unsubscribe,
    Code,
    Receipt,
    Shipping,
    Bounce,
    AutoReply,
    Resolved,
    Digest,
    Personal,
    Complaint,
    Confidential,
    Fyi,
    Joke,
    Thanks,
    Review,
    Vote,
    Event,
    Form,
    Spam,
    Health,
    Travel,
    Robot,
    Opinion,
}

/// How many groups there are.
pub(crate) const CUES: usize = 37;
/// The longest phrase, in tokens.
const LONGEST: usize = 12;

const PHRASES: &[(Cue, &str)] = &[
    (
        Cue::Request,
        "please|pls|plz|could you|can you|would you|will you|need you to|i need|we need|let me know|make sure|would you mind|kindly|take a look|have a look|can we|could we|are you able|i would like you|id like you to|fill out|fill in|sign and|send me|send us|get back to me|your thoughts|what do you think|please advise|forward me|give me a call|call me|needs your|awaiting your|waiting for your|still need|still waiting|bitte|könnten sie|könntest du|kannst du|können sie|würdest du|gib mir bescheid|geben sie uns|schick mir|merci de|pourriez vous|peux tu|pouvez vous|s il vous plaît|svp|veuillez|tiens moi au courant|por favor|podrías|podría|puedes|puede usted|necesito|avísame|mándame|per favore|potresti|potrebbe|puoi|può|fammi sapere|mi serve|você pode|poderia|preciso|me avise|me manda|お願い|ください|いただけ|ご確認|教えて|くれる|请|請|麻烦|能不能|可以帮|回复|告诉我|कृपया|करें|कीजिए|भेजें|भेज दें|भेज दीजिए|बताएं|बताइए|बता दें|चाहिए|कर दें|दे दें|जमा करें|กรุณา|ช่วย|รบกวน|ขอให้|ขอความ|ฝาก|ส่งให้|ต้องการ",
    ),
    (
        Cue::Answer,
        "reply by|rsvp|respond by|confirm|please confirm|your reply|antworten sie|bestätigen|répondre|confirmer|confirmez|responder|confirmar|confirma|rispondere|conferma|confermare|ご返信|返信|ご回答|确认|उत्तर दें|जवाब दें|पुष्टि करें|जवाब का इंतज़ार|ตอบกลับ|ยืนยัน|แจ้งกลับ",
    ),
    (
        Cue::Today,
        "today|tonight|this morning|this afternoon|this evening|right now|within the hour|by noon|by # pm|by # am|eod|end of day|close of business|cob|in # minutes|in an hour|within # hours|within # hour|now|heute|heute abend|heute noch|gleich|aujourd hui|ce soir|cet après midi|d ici ce soir|hoy|esta noche|esta tarde|ahora|oggi|stasera|oggi pomeriggio|hoje|esta noite|agora|本日|今日|今夜|今晩|至急|今天|今晚|马上|立即|आज|आज ही|आज शाम|अभी|आज रात|วันนี้|คืนนี้|เย็นนี้|บ่ายนี้|เช้านี้|ตอนนี้",
    ),
    (
        Cue::Tomorrow,
        "tomorrow|tomorrow morning|# hours|next day|overnight|morgen|morgen früh|demain|demain matin|mañana|domani|amanhã|明日|翌日|明天|कल|कल सुबह|कल तक|พรุ่งนี้|วันพรุ่งนี้",
    ),
    (
        Cue::Soon,
        "by monday|by tuesday|by wednesday|by thursday|by friday|this week|before friday|end of the week|end of week|by the end of|deadline|due|due date|due by|until friday|bis freitag|bis montag|diese woche|frist|fällig|avant vendredi|cette semaine|date limite|échéance|antes del viernes|esta semana|fecha límite|vence|entro venerdì|questa settimana|scadenza|até sexta|prazo|期限|締切|締め切り|まで|今週|截止|之前|本周|अंतिम तिथि|इस सप्ताह|तक जमा|तारीख तक|से पहले|ภายใน|กำหนด|ก่อนวัน|ภายในวัน",
    ),
    (
        Cue::Later,
        "next week|next month|next monday|next friday|when you get a chance|when you have time|no rush|no hurry|sometime|at your convenience|nächste woche|nächsten monat|keine eile|wenn du zeit hast|la semaine prochaine|le mois prochain|quand tu peux|la próxima semana|el próximo mes|cuando puedas|la prossima settimana|quando puoi|semana que vem|próxima semana|quando puder|来週|来月|お時間のある|下周|下个月|有空|अगले सप्ताह|अगले महीने|जब समय मिले|สัปดาห์หน้า|เดือนหน้า|ว่างเมื่อ",
    ),
    (
        Cue::AtOnce,
        "asap|a s a p|as soon as possible|immediately|right away|at once|straight away|urgently|so schnell wie möglich|sofort|umgehend|dringend|dès que possible|immédiatement|lo antes posible|cuanto antes|de inmediato|il prima possibile|immediatamente|subito|o mais rápido possível|imediatamente|至急|大至急|尽快|तुरंत|फौरन|जल्द से जल्द|शीघ्र|ด่วน|ทันที|เร็วที่สุด|โดยเร็ว",
    ),
    (
        Cue::UrgentWord,
        "urgent|emergency|critical|important|action required|dringend|wichtig|urgente|urgence|importante|緊急|重要|紧急|महत्वपूर्ण|ज़रूरी|जरूरी|आवश्यक|अर्जेंट|สำคัญ|เร่งด่วน|ฉุกเฉิน",
    ),
    (
        Cue::Outage,
        "down|outage|offline|not responding|unreachable|failed|failure|crashed|disk full|error rate|production|incident|sev#|p#|pager|alert|broken|leak|störung|ausfall|ausgefallen|en panne|panne|caído|caída|avería|guasto|fora do ar|障害|停止|故障|宕机|报警|बंद है|खराब|ठप|काम नहीं कर रहा|विफल|त्रुटि|ล่ม|เสีย|ขัดข้อง|ใช้งานไม่ได้|ล้มเหลว",
    ),
    (
        Cue::Security,
        "password|verify your account|suspicious|unusual sign|sign in attempt|login attempt|fraud|unauthorized|unauthorised|compromised|locked|suspended|phishing|blocked|passwort|konto gesperrt|mot de passe|compte|contraseña|cuenta bloqueada|conto bloccato|senha|パスワード|不正|ログイン|密码|账户|异常登录|पासवर्ड|केवाईसी|धोखाधड़ी|संदिग्ध|ब्लॉक|รหัสผ่าน|ผิดปกติ|ระงับบัญชี|ยืนยันตัวตน",
    ),
    (
        Cue::MoneyDue,
        "invoice|payment due|overdue|past due|declined|payment failed|final notice|insufficient funds|pay by|balance|rechnung|mahnung|zahlung|überweisung|facture|impayé|paiement refusé|factura|pago rechazado|vencido|fattura|pagamento|scaduta|fatura|boleto|請求|支払|引き落とし|账单|付款|扣款|बकाया|भुगतान|बिल|किस्त|शुल्क|जुर्माना|देय|ค้างชำระ|ชำระ|ยอด|ค่าปรับ|ใบแจ้งหนี้",
    ),
    (
        Cue::Cancelled,
        "cancelled|canceled|postponed|delayed|rescheduled|moved to|gate change|fällt aus|verschoben|abgesagt|annulé|reporté|cancelado|aplazado|annullato|rinviato|adiado|中止|延期|キャンセル|取消|推迟|航班|रद्द|स्थगित|बदल|देरी|ยกเลิก|เลื่อน|ล่าช้า|เปลี่ยนเวลา",
    ),
    (
        Cue::Meeting,
        "meeting|call|conference call|dial in|agenda|lunch|dinner|schedule|appointment|interview|besprechung|termin|treffen|réunion|rendez vous|rdv|reunión|cita|riunione|appuntamento|reunião|consulta|会議|打ち合わせ|面談|会议|面试|बैठक|मीटिंग|मुलाकात|साक्षात्कार|ประชุม|นัดหมาย|นัด|สัมภาษณ์",
    ),
    (
        Cue::Marketing,
        "% off|sale|offer|offers|discount|deal|deals|save up to|free shipping|limited time|last chance|ends tonight|ends soon|shop now|buy now|order now|click here|exclusive|coupon|promo|don t miss|dont miss|best price|special offer|free trial|upgrade now|subscribe|angebot|rabatt|jetzt kaufen|nur heute|gutschein|soldes|promotion|offre|profitez|oferta|descuento|rebajas|compra ahora|offerta|sconto|saldi|promoção|desconto|aproveite|セール|限定|お得|クーポン|割引|优惠|折扣|限时|促销|छूट|ऑफर|सेल|मुफ्त|डिस्काउंट|ลดราคา|โปรโมชั่น|ส่วนลด|แจกฟรี|ช้อป",
    ),
    (
        Cue::Unsubscribe,
        "unsubscribe|opt out|manage preferences|email preferences|view in browser|privacy policy|you are receiving this|you received this|to be removed|abmelden|abbestellen|newsletter|désabonner|désinscrire|darse de baja|cancelar suscripción|disiscriviti|cancellati|descadastrar|cancelar inscrição|配信停止|退订|सदस्यता समाप्त|अनसब्सक्राइब|ยกเลิกการรับ|ยกเลิกรับข่าว",
    ),
    (
        Cue::Code,
        "verification code|security code|one time|passcode|your code|code is|login code|bestätigungscode|code de vérification|código de|codice di|認証コード|确认码|验证码|ओटीपी|सत्यापन कोड|รหัส otp|รหัสยืนยัน",
    ),
    (
        Cue::Receipt,
        "receipt|order confirmation|thank you for your order|your order|thanks for your purchase|payment received|statement is ready|bestellung|bestellbestätigung|quittung|commande|reçu|pedido|recibo|ordine|ricevuta|ご注文|領収|订单|收据|रसीद|ऑर्डर|भुगतान प्राप्त|ใบเสร็จ|คำสั่งซื้อ|ได้รับชำระ",
    ),
    (
        Cue::Shipping,
        "shipped|delivered|out for delivery|tracking|on its way|has been sent|dispatch|paket|sendung|versandt|colis|expédié|enviado|paquete|spedito|pacco|encomenda|発送|配達|お届け|快递|发货|包裹|डिलीवर|पार्सल|कूरियर|พัสดุ|จัดส่ง|จัดส่งแล้ว",
    ),
    (
        Cue::Bounce,
        "undeliverable|delivery status|delivery failure|mail delivery|returned mail|could not be delivered|mailer daemon|user unknown|unzustellbar|non remis|no entregado",
    ),
    (
        Cue::AutoReply,
        "out of office|automatic reply|autoreply|auto reply|on vacation|on leave|i am away|limited access to email|abwesenheit|absence du bureau|fuera de la oficina|fuori sede|ausência|不在|自动回复|स्वचालित उत्तर|अवकाश पर|ตอบกลับอัตโนมัติ|ลาพักร้อน",
    ),
    (
        Cue::Resolved,
        "resolved|recovered|fixed|back to normal|is back|completed successfully|succeeded|passed|behoben|résolu|resuelto|risolto|resolvido|復旧|已恢复|已解决|ठीक हो गया|बहाल|हल हो गया|แก้ไขแล้ว|กลับมาใช้งาน|ปกติแล้ว",
    ),
    (
        Cue::Digest,
        "digest|newsletter|weekly|daily|this week in|top stories|headlines|roundup|issue #|edition|bulletin|press release|news|volume|subscribers",
    ),
    (
        Cue::Personal,
        "love|miss you|mom|dad|mum|sister|brother|wedding|baby|birthday|funeral|passed away|condolences|sorry to hear|hospital|congratulations|proud|friend|friends|kids|weekend|familie|oma|geburtstag|beileid|liebe|famille|maman|anniversaire|condoléances|bisous|familia|mamá|cumpleaños|abrazo|besos|famiglia|mamma|compleanno|baci|família|mãe|aniversário|abraço|家族|お母さん|誕生日|お悔やみ|妈妈|爸爸|生日|家里|प्यार|शादी|जन्मदिन|माँ|पापा|भैया|दीदी|निधन|अस्पताल|บ้าน|แม่|พ่อ|ลูก|แต่งงาน|วันเกิด|เสียชีวิต",
    ),
    (
        Cue::Complaint,
        "disappointed|complaint|unacceptable|upset|angry|frustrated|unhappy|concerned|worried|unfortunately|apologize|apologise|sorry|beschwerde|enttäuscht|leider|entschuldigung|déçu|réclamation|désolé|malheureusement|queja|decepcionado|lo siento|deluso|reclamo|mi dispiace|reclamação|desculpe|申し訳|クレーム|残念|抱歉|投诉|失望|शिकायत|निराश|खेद|क्षमा|दुख|ร้องเรียน|เสียใจ|ขอโทษ|ผิดหวัง",
    ),
    (
        Cue::Confidential,
        "confidential|privileged|do not forward|between us|legal|lawsuit|attorney|lawyer|counsel|litigation|contract|agreement|negotiation|resign|resignation|layoff|terminate|salary|vertraulich|anwalt|kündigung|vertrag|confidentiel|avocat|contrat|confidencial|abogado|contrato|riservato|avvocato|contratto|advogado|極秘|契約|弁護士|退職|保密|合同|律师|辞职",
    ),
    (
        Cue::Fyi,
        "fyi|for your information|just to let you know|heads up|as discussed|attached is|here is|here are|see below|see attached|zur info|zur kenntnis|pour information|para tu información|para su información|per conoscenza|para sua informação|ご参考|共有|供参考|告知|सूचनार्थ|जानकारी के लिए|सूचित|संलग्न|เพื่อทราบ|แจ้งให้ทราบ|แนบ",
    ),
    (Cue::Joke, "joke|funny|lol|haha|humor|fwd fw|forward this|chain"),
    (
        Cue::Thanks,
        "thanks|thank you|thx|cheers|appreciate|danke|vielen dank|merci|gracias|grazie|obrigado|obrigada|ありがとう|谢谢|感谢|धन्यवाद|शुक्रिया|आभार|ขอบคุณ|ขอบพระคุณ",
    ),
    (
        Cue::Review,
        "patch|review|commit|pull request|merge|diff|bug|ticket|issue|svn|cvs|git|build|release|version|kernel|apache|module|compile|code|assigned to you|approval|approve|sign off",
    ),
    (
        Cue::Vote,
        "vote|+#|ballot|poll|survey|feedback|umfrage|sondage|encuesta|sondaggio|pesquisa|アンケート|投票|调查",
    ),
    (
        Cue::Event,
        "conference|workshop|seminar|webinar|call for papers|cfp|register|registration|tickets|concert|invitation|you are invited|einladung|anmeldung|invitation|inscription|invitación|inscripción|invito|iscrizione|convite|招待|お申し込み|邀请|报名|कार्यक्रम|आमंत्रण|पंजीकरण|งานสัมมนา|ลงทะเบียน|เชิญ",
    ),
    (
        Cue::Form,
        "form|application|documents|document|permission slip|consent|tax|renew|renewal|expires|expire|formular|antrag|unterlagen|formulaire|dossier|documents|formulario|documentos|modulo|documenti|formulário|書類|申請|更新|材料|表格|申请|फॉर्म|आवेदन|दस्तावेज़|प्रमाण पत्र|เอกสาร|แบบฟอร์ม|ใบสมัคร|หนังสือรับรอง",
    ),
    (
        Cue::Spam,
        "viagra|prescription|mortgage|lowest rates|make money|work from home|guaranteed|million dollars|lottery|winner|you have won|adult|singles|investment opportunity|bank of nigeria|beneficiary|weight loss|no obligation|toner|xxx|hot girls|bulk email|dear friend|act now",
    ),
    (
        Cue::Health,
        "doctor|test results|lab results|surgery|appointment with|clinic|prescription is|arzt|befund|médecin|résultats|médico|resultados|medico|referto|exame|病院|検査|医院|检查结果",
    ),
    (
        Cue::Travel,
        "flight|boarding|gate|check in|hotel|reservation|itinerary|train|flug|zug|vol|train|vuelo|tren|volo|treno|voo|trem|便|新幹線|予約|机票|酒店|火车",
    ),
    (
        Cue::Robot,
        "this is an automated|automatically generated|do not reply|auto generated|cron|log file|report generated|notification|scheduled|job|hourahead|start date|codesite|awarded|variance|dies ist eine automatische|nicht antworten|message automatique|ne pas répondre|mensaje automático|no responda|messaggio automatico|non rispondere|mensagem automática|não responda|自動送信|返信しないで|自动发送|请勿回复|यह एक स्वचालित|अपने आप भेजा|อีเมลนี้ถูกส่งอัตโนมัติ|กรุณาอย่าตอบกลับ",
    ),
    (
        Cue::Opinion,
        "i think|i believe|i agree|i disagree|imho|imo|in my opinion|i m not sure|im not sure|i don t think|i dont think|actually|i guess|it seems|personally|well|wrote|ich denke|ich finde|je pense|creo que|penso che|acho que|と思い|我觉得|我认为",
    ),
];

/// What the tokens up to here are: whole phrases, or the beginning of longer ones.
#[derive(Default)]
struct Step {
    /// The groups of the phrases that end here.
    ends: Vec<Cue>,
    /// A longer phrase begins so.
    goes_on: bool,
}

/// Every beginning of every phrase, by the hash of its tokens: most words begin none, and are passed over at once.
static TABLE: LazyLock<ByHash<Step>> = LazyLock::new(|| {
    let mut table: ByHash<Step> = ByHash::default();
    for (cue, phrases) in PHRASES {
        for phrase in phrases.split('|') {
            let mut words = tokens(phrase, 64);
            words.truncate(LONGEST);
            let mut key = SEED;
            for (n, word) in words.iter().enumerate() {
                key = fold(key, word);
                let step = table.entry(key).or_default();
                if n + 1 < words.len() {
                    step.goes_on = true;
                } else if !step.ends.contains(cue) {
                    step.ends.push(*cue);
                }
            }
        }
    }
    table
});

/// Where each cue is found: its count and the first place, as a range of tokens.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) count: [u16; CUES],
    pub(crate) first: [(u16, u8); CUES],
}

/// Looks for all cues.
pub(crate) fn find(tokens: &[Token]) -> Found {
    let mut found = Found { count: [0; CUES], first: [(0, 0); CUES] };
    for start in 0..tokens.len() {
        let mut key = SEED;
        for (n, token) in tokens.iter().skip(start).take(LONGEST).enumerate() {
            key = fold(key, token);
            let Some(step) = TABLE.get(&key) else { break };
            for cue in &step.ends {
                let at = *cue as usize;
                if let (Some(count), Some(first)) =
                    (found.count.get_mut(at), found.first.get_mut(at))
                {
                    if *count == 0 {
                        *first = (start as u16, n as u8 + 1);
                    }
                    *count = count.saturating_add(1);
                }
            }
            if !step.goes_on {
                break;
            }
        }
    }
    found
}

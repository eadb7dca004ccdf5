//! What single sentences come to, a table per language. All are written on Wednesday, 13 March 2024, 10:00 local time.
//!
//! The right column lists everything that is found: `d:` dates (`!` deadline, `?` ambiguous, `w` and `m` for weeks and
//! months), `a:` amounts in minor units, `c:` codes, `ask` when a task is proposed.

use super::tests::assert_grounded;
use super::{Mail, best, extract};
use mailroom_domain::{Exactness, Extraction};
use std::fmt::Write;

/// 2024-03-13T09:00:00Z, one hour ahead of UTC.
const SENT: i64 = 1_710_320_400;
const OFFSET: i32 = 3600;

pub(super) fn render(found: &Extraction) -> String {
    let mut out = String::new();
    for date in &found.dates {
        let d = date.date;
        write!(out, "d:{}-{:02}-{:02}", d.year, d.month, d.day).expect("string");
        if let Some(time) = date.time {
            write!(out, "T{:02}:{:02}", time.hour, time.minute).expect("string");
        }
        out.push_str(match date.exactness {
            Exactness::Week => "w",
            Exactness::Month => "m",
            Exactness::Day | Exactness::Time => "",
        });
        out.push_str(if date.deadline { "!" } else { "" });
        out.push_str(if date.ambiguous { "? " } else { " " });
    }
    for amount in &found.amounts {
        let assumed = if amount.assumed { "?" } else { "" };
        write!(out, "a:{}{}{assumed} ", amount.currency.as_deref().unwrap_or("-"), amount.minor)
            .expect("string");
    }
    for code in &found.codes {
        write!(out, "c:{:?}={} ", code.kind, code.code).expect("string");
    }
    if best(found).is_some() {
        out.push_str("ask");
    }
    out.trim_end().to_owned()
}

fn check(language: &str, cases: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (text, expected) in cases {
        let mail = Mail { subject: "", text, language: Some(language), date: SENT, offset: OFFSET };
        let found = extract(&mail);
        assert_grounded(&mail, &found);
        let said = render(&found);
        if said != *expected {
            writeln!(wrong, "{language}: {text}\n    expected {expected}\n    found    {said}")
                .expect("string");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn english() {
    check(
        "en",
        &[
            ("Could you send me the signed contract by Friday?", "d:2024-03-15! ask"),
            (
                "Please pay the invoice of $1,250.50 by March 29, 2024.",
                "d:2024-03-29! a:USD125050? ask",
            ),
            ("Let me know by 5 pm tomorrow.", "d:2024-03-14T17:00! ask"),
            ("Review the attached draft before end of day.", "d:2024-03-13! ask"),
            ("The meeting is next Friday at 3:30pm.", "d:2024-03-22T15:30?"),
            ("We need your reply within 48 hours.", "d:2024-03-15T10:00! ask"),
            ("Submit the form by the end of the month please", "d:2024-03-31! ask"),
            ("The deadline for abstracts is 3 April.", "d:2024-04-03!"),
            ("Due date: 04/05/2024", "d:2024-04-05!?"),
            ("Your verification code is 493 201.", "c:OneTime=493201"),
            (
                "Your order #A-10442 has shipped, tracking number 1Z999AA10123456784.",
                "c:Order=A-10442 c:Tracking=1Z999AA10123456784",
            ),
            ("Please do not reply to this email.", ""),
            ("Please find attached the minutes of Monday's meeting.", "d:2024-03-18"),
            ("Let me know if you have any questions.", ""),
            ("Thanks for the lovely evening, you were great hosts.", ""),
            ("We met last Friday and again 3 days ago.", ""),
            ("Call me when you get in, I'm here until 6 pm today.", "d:2024-03-13T18:00! ask"),
            ("Ben, can you bring the keys on Saturday morning?", "d:2024-03-16 ask"),
            ("He ran 5 miles in 40 minutes at 7/10 effort, version 1.2.3.4.", "d:2024-03-13T10:40"),
            ("Can you do Thursday, March 21st, 2-3 pm PST?", "d:2024-03-21T14:00 ask"),
            ("The fee is EUR 1.200,00 or £950.", "a:EUR120000 a:GBP95000"),
            ("Sign by COB Thursday.", "d:2024-03-14! ask"),
        ],
    );
}

#[test]
fn german() {
    check(
        "de",
        &[
            ("Könnten Sie mir den Vertrag bis Freitag zusenden?", "d:2024-03-15! ask"),
            (
                "Bitte überweisen Sie 1.250,50 € bis zum 29.03.2024.",
                "d:2024-03-29! a:EUR125050 ask",
            ),
            ("Gib mir bitte bis morgen 17 Uhr Bescheid.", "d:2024-03-14T17:00! ask"),
            ("Das Treffen ist am 3. April um 14:30 Uhr.", "d:2024-04-03T14:30"),
            ("Prüfe den Entwurf noch heute.", "d:2024-03-13 ask"),
            ("Die Abgabefrist ist der 15. April 2024.", "d:2024-04-15!"),
            ("Wir brauchen Ihre Antwort innerhalb von 14 Tagen.", "d:2024-03-27! ask"),
            ("Zahlbar bis Ende des Monats.", "d:2024-03-31!"),
            (
                "Ihre Rechnung Nr. RE-2024-0815 über 89,90 EUR liegt bei.",
                "a:EUR8990 c:Invoice=RE-2024-0815",
            ),
            ("Ihr Bestätigungscode lautet 482913.", "c:OneTime=482913"),
            ("Guten Morgen, alles gut?", ""),
            ("Bitte antworten Sie nicht auf diese E-Mail.", ""),
            ("Bei Fragen zögern Sie nicht, uns anzurufen.", ""),
            ("Vielen Dank für die schönen Tage!", ""),
            ("Letzten Freitag war ich krank, vor 3 Tagen auch.", ""),
            ("Übermorgen um 9 Uhr passt es mir.", "d:2024-03-15T09:00"),
            ("Von Montag bis Freitag bin ich im Urlaub.", "d:2024-03-18 d:2024-03-15"),
            ("Schicken Sie die Unterlagen bitte bis 3.4. zurück.", "d:2024-04-03! ask"),
            ("Nächste Woche Freitag um 17.30 Uhr?", "d:2024-03-22T17:30"),
            ("Anbei finden Sie das Protokoll.", ""),
        ],
    );
}

#[test]
fn french() {
    check(
        "fr",
        &[
            ("Pourriez-vous m'envoyer le contrat avant vendredi ?", "d:2024-03-15! ask"),
            ("Merci de régler 1 250,50 € avant le 29 mars 2024.", "d:2024-03-29! a:EUR125050 ask"),
            ("Peux-tu me rappeler demain à 17h30 ?", "d:2024-03-14T17:30 ask"),
            ("La date limite est le 3 avril.", "d:2024-04-03!"),
            ("Envoyez-nous les pièces d'ici la fin du mois.", "d:2024-03-31! ask"),
            ("Veuillez confirmer sous 48 heures.", "d:2024-03-15T10:00! ask"),
            ("La réunion aura lieu vendredi prochain à 14 h.", "d:2024-03-15T14:00?"),
            ("Rendez-vous le 15/04/2024 à 9h.", "d:2024-04-15T09:00"),
            ("Votre code de vérification est 739201.", "c:OneTime=739201"),
            ("Votre commande n° 4059-221 a été expédiée.", "c:Order=4059-221"),
            ("Veuillez trouver ci-joint la facture.", ""),
            ("Merci de ne pas répondre à ce message.", ""),
            ("N'hésitez pas à nous contacter pour toute question.", ""),
            ("Merci pour ce beau week-end !", "d:2024-03-16w"),
            ("On s'est vus il y a 3 jours.", ""),
            ("Il faut signer le devis au plus tard jeudi.", "d:2024-03-14! ask"),
            ("Je suis en congé cette semaine.", "d:2024-03-15w"),
            ("N'oublie pas d'apporter les clés ce soir.", "d:2024-03-13 ask"),
            ("Le montant total : 45,00", "a:-4500"),
        ],
    );
}

#[test]
fn italian() {
    check(
        "it",
        &[
            ("Potresti mandarmi il contratto entro venerdì?", "d:2024-03-15! ask"),
            (
                "Si prega di pagare 1.250,50 € entro il 29 marzo 2024.",
                "d:2024-03-29! a:EUR125050 ask",
            ),
            ("Fammi sapere entro domani alle 17.", "d:2024-03-14T17:00! ask"),
            ("La scadenza è il 3 aprile.", "d:2024-04-03!"),
            ("Ci vediamo sabato alle 20:30.", "d:2024-03-16T20:30"),
            ("Mi serve la tua firma entro fine mese.", "d:2024-03-31! ask"),
            ("Il pagamento va fatto entro 30 giorni.", "d:2024-04-12!"),
            ("Riunione giovedì 21 marzo alle ore 15.", "d:2024-03-21T15:00"),
            ("Il tuo codice di verifica è 118204.", "c:OneTime=118204"),
            ("Il tuo ordine n. 88-12345 è partito.", "c:Order=88-12345"),
            ("In allegato trovate il verbale.", ""),
            ("Si prega di non rispondere a questa email.", ""),
            ("Per qualsiasi domanda non esiti a contattarci.", ""),
            ("Grazie per il bellissimo fine settimana.", "d:2024-03-16w"),
            ("L'ho visto tre giorni fa.", ""),
            ("Confermate la presenza entro dopodomani.", "d:2024-03-15! ask"),
            ("Ricordati di comprare il pane stasera.", "d:2024-03-13 ask"),
            ("Fattura n. 2024/117 di euro 300,00", "a:EUR30000 c:Invoice=2024/117"),
        ],
    );
}

#[test]
fn portuguese() {
    check(
        "pt",
        &[
            ("Você poderia me enviar o contrato até sexta-feira?", "d:2024-03-15! ask"),
            ("Por favor, pague R$ 1.250,50 até 29/03/2024.", "d:2024-03-29! a:BRL125050 ask"),
            ("Me avise até amanhã às 17h.", "d:2024-03-14T17:00! ask"),
            ("O prazo é dia 3 de abril.", "d:2024-04-03!"),
            ("Preciso da sua assinatura até o fim do mês.", "d:2024-03-31! ask"),
            ("A reunião será na próxima sexta, às 14h30.", "d:2024-03-15T14:30?"),
            ("O boleto vence dia 20.", "d:2024-03-20!"),
            ("Responda em até 48 horas.", "d:2024-03-15T10:00! ask"),
            ("Seu código de verificação é 552013.", "c:OneTime=552013"),
            ("Seu pedido nº 77-9001 saiu para entrega.", "c:Order=77-9001"),
            ("Segue em anexo a segunda via da fatura.", ""),
            ("Não responda a este e-mail.", ""),
            ("Qualquer dúvida, estou à disposição.", ""),
            ("Obrigado pelo jantar de ontem!", "d:2024-03-12"),
            ("Isso foi há 3 dias.", ""),
            ("Não se esqueça de trazer os documentos na segunda às 9h.", "d:2024-03-18T09:00 ask"),
            ("Depois de amanhã consegue me ligar?", "d:2024-03-15 ask"),
            ("Custa 2 mil reais.", "a:BRL200000"),
        ],
    );
}

#[test]
fn spanish() {
    check(
        "es",
        &[
            ("¿Podrías enviarme el contrato antes del viernes?", "d:2024-03-15! ask"),
            (
                "Por favor, pague 1.250,50 € antes del 29 de marzo de 2024.",
                "d:2024-03-29! a:EUR125050 ask",
            ),
            ("Avísame antes de mañana a las 5 de la tarde.", "d:2024-03-14T17:00! ask"),
            ("La fecha límite es el 3 de abril.", "d:2024-04-03!"),
            ("Necesito tu firma para fin de mes.", "d:2024-03-31! ask"),
            ("La reunión es el próximo viernes a las 14:30.", "d:2024-03-15T14:30?"),
            ("La factura vence el 20/04/2024.", "d:2024-04-20!"),
            ("Tienes que entregarlo en un plazo de 10 días.", "d:2024-03-23! ask"),
            ("Tu código de verificación es 309114.", "c:OneTime=309114"),
            ("Su pedido nº 55-8821 está en camino.", "c:Order=55-8821"),
            ("Adjunto el acta de la reunión.", ""),
            ("Por favor, no responda a este mensaje.", ""),
            ("No dude en contactarnos para cualquier duda.", ""),
            ("Gracias por la cena de ayer.", "d:2024-03-12"),
            ("Eso pasó hace 3 días.", ""),
            ("No olvides traer las llaves pasado mañana.", "d:2024-03-15 ask"),
            ("Nos vemos por la mañana.", ""),
            ("Hay que renovar el seguro esta semana.", "d:2024-03-15w ask"),
            ("El total son 45 dólares.", "a:USD4500?"),
        ],
    );
}

#[test]
fn hindi() {
    check(
        "hi",
        &[
            ("कृपया शुक्रवार तक अनुबंध भेज दें।", "d:2024-03-15! ask"),
            ("कृपया ₹1,25,000 का भुगतान 29 मार्च 2024 तक करें।", "d:2024-03-29! a:INR12500000 ask"),
            ("कल शाम 5 बजे तक बता दीजिए।", "d:2024-03-14T17:00! ask"),
            ("अंतिम तिथि 3 अप्रैल है।", "d:2024-04-03!"),
            ("क्या आप 48 घंटे के भीतर जवाब दे सकते हैं?", "d:2024-03-15T10:00! ask"),
            ("बैठक १५ मार्च को सुबह 10:30 बजे होगी।", "d:2024-03-15T10:30"),
            ("महीने के अंत तक फॉर्म जमा करें।", "d:2024-03-31! ask"),
            ("आपका ओटीपी 482913 है।", "c:OneTime=482913"),
            ("आपका ऑर्डर नंबर 40-55123 भेज दिया गया है।", "c:Order=40-55123"),
            ("कृपया इस ईमेल का उत्तर न दें।", ""),
            ("कल पापा अस्पताल से घर आ गए थे।", ""),
            ("आपकी मदद के लिए धन्यवाद।", ""),
            ("किसी भी प्रश्न के लिए संकोच न करें।", ""),
            ("5000 रुपये परसों तक जमा करें।", "d:2024-03-15! a:INR500000 ask"),
            ("3 दिन पहले मिले थे।", ""),
            ("अगले सोमवार को मीटिंग है।", "d:2024-03-18"),
            ("आते समय दूध लेते आना।", "ask"),
            ("2 लाख रुपये का लोन मंज़ूर।", "a:INR20000000"),
        ],
    );
}

#[test]
fn thai() {
    check(
        "th",
        &[
            ("กรุณาส่งสัญญาภายในวันศุกร์นี้ค่ะ", "d:2024-03-15! ask"),
            ("กรุณาชำระเงิน 1,250.50 บาท ภายในวันที่ 29 มีนาคม 2567", "d:2024-03-29! a:THB125050 ask"),
            ("ช่วยแจ้งกลับก่อนพรุ่งนี้ 17.00 น. ด้วยครับ", "d:2024-03-14T17:00! ask"),
            ("กำหนดส่งวันที่ 3 เม.ย. 67", "d:2024-04-03!"),
            ("รบกวนตอบภายใน 48 ชั่วโมง", "d:2024-03-15T10:00! ask"),
            ("ประชุมวันพฤหัสบดีที่ ๒๑ มีนาคม ๒๕๖๗ เวลา 10:30 น.", "d:2024-03-21T10:30"),
            ("เจอกันบ่ายสามโมงวันนี้", "d:2024-03-13T15:00"),
            ("เจอกันสองทุ่มคืนนี้นะ", "d:2024-03-13T20:00"),
            ("รหัส OTP ของคุณคือ 482913", "c:OneTime=482913"),
            ("หมายเลขพัสดุ TH0123456789A จัดส่งแล้ว", "c:Tracking=TH0123456789A"),
            ("กรุณาอย่าตอบกลับอีเมลฉบับนี้", ""),
            ("ขอบคุณสำหรับความช่วยเหลือค่ะ", ""),
            ("หากมีข้อสงสัย ติดต่อได้ตลอดค่ะ", ""),
            ("ช่วยซื้อนมเข้าบ้านด้วยนะ", "ask"),
            ("อย่าลืมเอาเอกสารมาด้วย ฿500", "a:THB50000 ask"),
            ("เมื่อวานเจอพี่เขาแล้ว", "d:2024-03-12"),
            ("ปิดรับสมัครสิ้นเดือนนี้", "d:2024-03-31!"),
            ("พรุ่งนี้ 9 โมงเช้าว่างไหม", "d:2024-03-14T09:00 ask"),
        ],
    );
}

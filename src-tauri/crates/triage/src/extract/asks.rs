//! The words with which people ask for something in eight languages, and those that only look so.
//!
//! `cues` groups words for the label, coarsely and once for all languages; to find the very sentence that asks, and to
//! leave out "please find attached", needs more kinds and each language by itself.

use super::language::Lang;
use super::lex::Phrases;
use std::sync::LazyLock;

/// What a phrase does in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// "Could you", "let me know".
    Direct,
    /// "Can we", "puede": asks in a question, tells in a statement.
    Maybe,
    /// "Please".
    Please,
    /// A verb that commands at the beginning of a sentence.
    Command,
    /// "You need to", "is required", "must be paid".
    Need,
    /// The reader: "you", "your".
    You,
    /// An offer or a pleasantry: "let me know if you have any questions".
    Courtesy,
    /// Asks nothing, although it has the words: "please find attached", "thanks for".
    Inform,
    /// What every mail of its kind says: "please do not reply".
    Boilerplate,
    /// Opens a sentence and may be followed by a command: "and", "so", "also".
    Opener,
    /// It is done by the writer or has been: "I could", "as you asked".
    NotYou,
}

use Ask::{Boilerplate, Command, Courtesy, Inform, Maybe, Need, NotYou, Opener, Please, You};

type Words = &'static [(Ask, &'static str)];

const EN: Words = &[
    (Maybe, "can we|could we|shall we|can somebody|can someone|could someone|could somebody"),
    (
        Ask::Direct,
        "have a look|take a look|give it a read|could you|can you|would you|will you|would you mind|can i ask you|could i ask you|may i ask you|are you able to|do you mind|let me know|let us know|get back to me|get back to us|i need you to|we need you to|i'd like you to|i would like you to|need your|needs your|we need your|i need your|i'd appreciate it if|would appreciate it if|i would be grateful if|would be great if you|waiting for your|awaiting your|need you to|want you to|don't forget to|do not forget to|make sure|be sure to|remember to|what do you think|any chance you|if you could|when can you|how soon can you|ask you to|asking you to|looking for your",
    ),
    (Please, "please|pls|plz|kindly|please advise"),
    (
        Command,
        "send|call|reply|respond|review|confirm|check|sign|pay|submit|complete|fill|book|schedule|bring|forward|update|tell|give|email|mail|remind|read|approve|return|upload|provide|prepare|add|fix|register|rsvp|pick up|print|ship|transfer|answer|ask|attach|drop|contact|verify|note down|finish|deliver|write|buy|order|get|take|put|move|cancel|renew|test|merge|set|share|keep|leave|let|ring|text|grab|arrange|collect|sort|try|do not|don't|stop|come|join|meet|file|hand in|turn in|look|talk|stay",
    ),
    (
        Need,
        "you need to|you must|you have to|you should|must be|needs to be|need to be|has to be|have to be|should be submitted|is required|are required|action required|is due|are due|payment due|reply by|respond by|rsvp by|due by|we need|i need|we still need|i still need|still waiting|required by|are asked to|are requested to|is requested|your response|response needed|sign-off needed|signature required|i want",
    ),
    (You, "you|your|yours|u"),
    (
        Courtesy,
        "let me know if you have any|let me know if you need|let us know if you have any|let us know if you need|let me know if you've any|feel free|please feel free|don't hesitate|do not hesitate|please don't hesitate|please do not hesitate|hope you|how are you|let me know if there's anything|let me know if there is anything|let me know if anything|let me know if i can|if you have any questions|if you have questions|any questions|can you believe|please let me know if you have any|please let me know if you need|please contact us if you|please call if you have|would you like|thank you for|thanks for|please accept our|please accept my|please pass on my|take care|have a nice|have a good|have a great|have a lovely|have a wonderful|have fun|keep up the|see you|talk soon|get well|don't worry|let me know how it goes|no need to|if you need anything|please do let me know if you have any",
    ),
    (
        Inform,
        "please find|please see attached|please be advised|please note|please be aware|please be informed|kindly note|kindly find|can you imagine|please see below|please remember that|attached please find|please note that|please be reminded that",
    ),
    (
        Boilerplate,
        "reply remove|to get off this list|to be removed|do not reply|don\'t reply to this|please do not respond|not monitored|unsubscribe|opt out|manage your preferences|manage preferences|email preferences|update your preferences|consider the environment|think before you print|before printing|view in browser|view this email|view it in your browser|in your browser|add us to your address book|whitelist|you are receiving this|you received this|you're receiving this|received this email in error|received this message in error|received it in error|intended recipient|delete this email|delete this message|notify the sender|privacy policy|terms of service|all rights reserved|follow us|shop now|buy now|click here to view|learn more|privileged and confidential|if you did not request|if you didn't request|do not share this|never share|don't share this|share it with anyone|will never ask",
    ),
    (
        Opener,
        "dear|hey|however|thanks|sorry|no|well|unfortunately|actually|urgent|important|great|perfect|good morning|good afternoon|note|fyi|ps|lastly|besides|therefore|thus|later|today|tomorrow|and|then|also|so|but|ok|okay|hi|hello|yes|again|first|second|finally|meanwhile|otherwise|anyway|now|next|instead|just|reminder|todo|to do|action|task",
    ),
    (
        NotYou,
        "you asked|you requested|you could|you can|you will|i will|i'll|we will|we'll|as you|i told you|i asked|he asked|she asked|they asked|you may|i sent you|you mentioned|you said|you were|i let you|i was asked",
    ),
];

const DE: Words = &[
    (Maybe, "kann jemand|wer kann|können wir|könnten wir"),
    (
        Ask::Direct,
        "könnten sie|könntest du|könntet ihr|kannst du|können sie|könnt ihr|würdest du|würden sie|würdet ihr|magst du|hättest du|hätten sie|gib mir bescheid|gebt mir bescheid|geben sie mir bescheid|geben sie uns bescheid|sag bescheid|sag mir|sagen sie mir|sagt mir|melde dich|melden sie sich|meldet euch|schick mir|schicke mir|schickt mir|schick uns|schicken sie|senden sie|lass mich wissen|lassen sie mich wissen|lassen sie uns wissen|ich bitte dich|ich bitte sie|wir bitten sie|bitten wir sie|bitten wir um|wir bitten um|ich bitte um|bitte um|bitten um|bitten dich|denk an|denkt an|denken sie an|denk bitte|vergiss nicht|vergessen sie nicht|bist du so lieb|wären sie so freundlich|wärst du so|brauche von dir|brauche von ihnen|benötige von ihnen|brauchen wir von ihnen|benötigen wir|benötigen von ihnen|warte auf deine|warte auf ihre|kannst du mir|was meinst du|was meinen sie|schaffst du|schaffen sie|darf ich sie bitten|darf ich dich bitten|ihre rückmeldung|deine rückmeldung|um rückmeldung|antworte|ruf mich|rufen sie|bring|bringt|bringen sie",
    ),
    (Please, "bitte|bittet"),
    (
        Command,
        "schick|schicke|sende|prüf|prüfe|unterschreib|unterschreibe|bestätige|zahl|zahle|überweise|füll|fülle|lies|ruf|komm|kommt|hol|holt|nimm|nehmt|mach|macht|buche|bestell|bestelle|trag|tragt|schau|schaut|überleg|gib|gebt|kümmere|erledige|aktualisiere|lade|reich|reiche|leite|druck|drucke|kauf|kaufe|vergiss|sag|sagt|frag|frage|stell|stelle|räum|teile|lass|lasst",
    ),
    (
        Need,
        "du musst|sie müssen|ihr müsst|du sollst|sie sollten|du solltest|muss bis|müssen bis|müssen wir bis|brauche ich|brauchen wir|wir brauchen|ich brauche|wir benötigen|ist bis|sind bis|fällig|erforderlich|zu zahlen|einzureichen|einreichen|abgeben|zu überweisen|zu begleichen|zu bezahlen|zu unterschreiben|mitbringen|vorzulegen|zurückzusenden|fehlt noch|fehlen noch|es fehlt|es fehlen|brauch ich|ich brauch|ist zu|sind zu|rückmeldung bis|antwort bis|um antwort",
    ),
    (You, "du|dir|dich|dein|deine|deinen|deiner|ihr|euch|eure|ihnen|ihre|ihren|ihrer"),
    (
        Courtesy,
        "zögern sie nicht|bei fragen|für fragen|für rückfragen|bei rückfragen|falls sie fragen|wenn sie fragen|stehe ich ihnen|stehen wir ihnen|gerne zur verfügung|wie geht es|wie geht's|wir wünschen|ich wünsche|vielen dank für|danke für|danke dass|wir danken|hoffe es geht|melden sie sich gerne|melde dich gern|melde dich wenn|bis dann|bis bald|entschuldigen sie|entschuldige|grüß|grüße|mach dir keine|mach's gut|keine sorge",
    ),
    (
        Inform,
        "anbei|bitte beachten sie|bitte beachte|im anhang finden|bitte finden sie|wie gewünscht|wie besprochen|finden sie",
    ),
    (
        Boilerplate,
        "antworten sie nicht|nicht auf diese|nicht antworten|automatisch erstellt|automatisch generiert|abmelden|abbestellen|newsletter|im browser|an die umwelt|vor dem ausdrucken|bevor sie diese|irrtümlich erhalten|versehentlich erhalten|vernichten sie|nicht der richtige adressat|diese e-mail enthält|datenschutz|jetzt kaufen|geben sie diesen code|niemals weiter|teilen sie diesen code|jetzt shoppen|löschen sie diese",
    ),
    (
        Opener,
        "liebe|lieber|sehr geehrte|sehr geehrter|guten tag|moin|servus|hi|danke|leider|nein|gut|super|morgen|heute|ps|wichtig|falls|deshalb|daher|und|dann|also|aber|ok|hallo|ja|außerdem|noch|sonst|jetzt|zuerst|erinnerung",
    ),
    (
        NotYou,
        "ich könnte|ich werde|wir werden|du hast|sie haben|du kannst|sie können jederzeit|hast du mir|wie du|wie sie",
    ),
];

const FR: Words = &[
    (
        Maybe,
        "peut-on|pouvons-nous|quelqu'un peut|quelqu'un pourrait|tu peux|tu pourrais|vous pourriez|on peut se",
    ),
    (
        Ask::Direct,
        "pourriez-vous|pourrais-tu|pouvez-vous|peux-tu|pourrez-vous|pourras-tu|voulez-vous|veux-tu|vous pouvez me|vous pouvez nous|merci de|merci de bien vouloir|veuillez|je vous prie de|nous vous prions de|prière de|je te demande de|nous vous demandons|je vous demande|nous vous invitons à|je vous invite à|tiens-moi au courant|tenez-moi au courant|tenez-nous|dis-moi|dites-moi|dites-nous|fais-moi|faites-moi|faites-nous|envoie-moi|envoyez-moi|envoyez-nous|envoie-nous|donne-moi|donnez-moi|rappelle-moi|rappelez-moi|rappelez-nous|appelle-moi|appelez-moi|réponds-moi|répondez-moi|n'oublie pas|n'oubliez pas|pense à|pensez à|auriez-vous|aurais-tu|serait-il possible|est-ce que tu peux|est-ce que vous pouvez|est-ce que tu pourrais|est-ce que vous pourriez|j'attends votre|j'attends ta|j'attends ton|j'attends tes|j'attends vos|nous attendons votre|dans l'attente de votre réponse|qu'en penses-tu|qu'en pensez-vous|confirmez-moi|confirme-moi|préviens-moi|prévenez-moi|je compte sur|je voudrais que|j'aimerais que",
    ),
    (Please, "s'il vous plaît|s'il te plaît|svp|stp|s'il te plait"),
    (
        Command,
        "envoie|confirme|vérifie|signe|paie|paye|remplis|lis|appelle|réponds|réserve|apporte|prends|prenez|fais|faites|mets|ajoute|achète|prépare|regarde|relis|donne|rappelle|viens|passe|laisse|dis|dites|imprime|renvoie|complète|note|retourne|corrige|transfère|récupère|ramène",
    ),
    (
        Need,
        "tu dois|vous devez|il faut|il faudrait|il y a lieu de|doit arriver|doit nous parvenir|doivent nous parvenir|doit parvenir|doivent parvenir|à compléter|à remplir|doit être|doivent être|à renvoyer|à retourner|à signer|à régler|à payer|est à remettre|nous avons besoin|j'ai besoin|j'aurais besoin|il me faut|il nous faut|est attendu|sont attendus|est requis|réponse attendue|il me manque|il nous manque|est nécessaire|est attendue|sont attendues|à rendre|reste à",
    ),
    (You, "tu|te|toi|ton|ta|tes|vous|votre|vos"),
    (
        Courtesy,
        "n'hésitez pas|n'hésite pas|pour toute question|si vous avez des questions|si tu as des questions|reste à votre disposition|restons à votre disposition|comment vas-tu|comment allez-vous|comment ça va|merci pour|merci d'avoir|merci de votre|merci de ta|merci de tout|merci de m'avoir|merci de nous avoir|merci de vos|merci beaucoup pour|bon week-end|bonne journée|j'espère que|nous vous remercions|je vous remercie|je te remercie|veuillez agréer|veuillez recevoir|veuillez nous excuser|je vous prie d'agréer|je vous prie d'excuser|je vous prie de croire|prends soin|prenez soin|ne t'inquiète pas|ne vous inquiétez pas|à votre disposition",
    ),
    (
        Inform,
        "veuillez trouver|vous trouverez|tu trouveras|veuillez noter|nous vous informons|je vous informe|merci de noter|je vous prie de trouver|comme convenu|comme demandé",
    ),
    (
        Boilerplate,
        "ne pas répondre|ne répondez pas|ne pas y répondre|désabonner|désinscrire|désinscription|dans votre navigateur|pensez à l'environnement|avant d'imprimer|par erreur|message automatique|ajoutez-nous|politique de confidentialité|ne communiquez jamais|ne partagez|n'imprimez|si vous n'êtes pas à l'origine|reçu ce message par|version en ligne",
    ),
    (
        Opener,
        "cher|chère|chers|madame|monsieur|bonsoir|merci|désolé|désolée|non|demain|urgent|cependant|ps|parfait|super|et|puis|alors|donc|mais|ok|bonjour|salut|oui|aussi|d'abord|ensuite|enfin|sinon|rappel|coucou",
    ),
    (
        NotYou,
        "tu m'as|vous m'avez|vous avez demandé|je peux|je pourrais|nous pouvons vous|vous pouvez aussi|vous pouvez également",
    ),
];

const IT: Words = &[
    (
        Maybe,
        "puoi|può|potete|potrebbe|potreste|mi può|ci può|possiamo|possiamo sentirci|qualcuno può|chi può|ti va di",
    ),
    (
        Ask::Direct,
        "potresti|mi puoi|riesci a|riesce a|riuscite a|vorresti|le chiedo|ti chiedo|vi chiedo|le chiediamo|vi chiediamo|vi invitiamo a|la invitiamo a|si invita a|ti invito a|si prega di|la prego di|ti prego di|vi prego di|la preghiamo di|vi preghiamo di|preghiamo di|fammi sapere|mi faccia sapere|fateci sapere|ci faccia sapere|fatemi sapere|facci sapere|mandami|mi mandi|mandatemi|inviami|mi invii|inviatemi|inviateci|ci invii|dimmi|mi dica|ditemi|dammi|mi dia|chiamami|mi chiami|avvisami|mi avvisi|rispondimi|confermami|mi confermi|mi confermate|ricordati|ricordatevi|si ricordi|non dimenticare|non dimenticate|non dimenticarti|ho bisogno che|avrei bisogno|abbiamo bisogno|ho bisogno di|mi serve|ci serve|mi servono|ci servono|mi servirebbe|attendo un tuo|attendo una sua|attendo sua|attendo tua|attendiamo|resto in attesa|restiamo in attesa|in attesa di un suo|che ne pensi|che ne dici|cosa ne pensi|cosa ne pensa|saresti così gentile|sarebbe così gentile|gradirei|è possibile avere|verrebbe",
    ),
    (Please, "per favore|per cortesia|cortesemente|per piacere|gentilmente|la prego|ti prego"),
    (
        Command,
        "manda|invia|inviate|conferma|confermate|controlla|controllate|verifica|firma|firmate|paga|compila|compilate|leggi|chiama|rispondi|rispondete|prenota|porta|portate|prendi|prendete|fai|fate|metti|mettete|aggiungi|compra|prepara|guarda|rileggi|dai|passa|lascia|stampa|rimanda|segna|scrivi|scrivete|vieni|venite|iscriviti|aggiorna|completa|consegna|ritira|ricorda|scarica|pensa|telefona|contatta",
    ),
    (
        Need,
        "devi|deve|dovete|dovrà|dovranno|va restituito|vanno restituiti|vanno riconsegnati|da riconsegnare|va compilato|dovresti|dovrebbe|bisogna|occorre|è necessario|va pagato|va firmato|va consegnato|va inviato|vanno consegnati|vanno inviati|da pagare|da firmare|da consegnare|da inviare|da restituire|da saldare|da versare|da confermare|da compilare|da portare|da presentare|è richiesto|è richiesta|sono richiesti|manca ancora|mancano ancora|deve essere|devono essere|serve la|serve il|servono",
    ),
    (You, "tu|ti|te|tuo|tua|tuoi|lei|suo|sua|suoi|voi|vi|vostro|vostra"),
    (
        Courtesy,
        "non esitare|non esiti|non esitate|per qualsiasi|per ulteriori informazioni|per eventuali|resto a disposizione|restiamo a disposizione|a sua disposizione|come stai|come sta|come va|grazie per|grazie di|grazie dell|ringraziamo|ringrazio|buona giornata|spero che|se hai domande|se ha domande|se avete domande|non preoccuparti|non si preoccupi|ci vediamo|stammi bene|può contattarci|puoi contattarci|può capitare|può darsi|può essere",
    ),
    (
        Inform,
        "in allegato|troverai|troverà|trovate in allegato|le comunichiamo|ti comunichiamo|si comunica|si informa|la informiamo|come richiesto|come d'accordo",
    ),
    (
        Boilerplate,
        "non rispondere|non rispondete|si prega di non rispondere|disiscriv|disiscriviti|cancellati|annulla l'iscrizione|cancellare l'iscrizione|nel browser|rispetta l'ambiente|prima di stampare|per errore|messaggio automatico|informativa sulla privacy|non condividere|non comunicare|destinatario|se non hai richiesto|se non ha richiesto|acquista ora",
    ),
    (
        Opener,
        "caro|cara|cari|gentile|egregio|salve|grazie|scusa|scusi|no|purtroppo|domani|oggi|perfetto|bene|ps|inoltre|però|e|poi|allora|quindi|ma|ok|ciao|sì|anche|prima|infine|altrimenti|promemoria|intanto|buongiorno",
    ),
    (NotYou, "mi hai|mi ha chiesto|posso|come mi|hai chiesto|puoi anche|può anche|si può"),
];

const PT: Words = &[
    (
        Maybe,
        "poderia|poderiam|podes|podias|consegue|consegues|conseguem|podemos|alguém pode|quem pode|topa|você pode|vocês podem",
    ),
    (
        Ask::Direct,
        "você poderia|vocês poderiam|pode me|pode nos|pode por favor|me avise|me avisa|avise-me|avisa-me|me avisem|nos avise|me diga|diga-me|diz-me|me manda|me mande|mande-me|manda-me|me envia|me envie|envie-me|envia-me|nos envie|me confirma|me confirme|me confirmem|confirme-me|me liga|me ligue|ligue-me|liga-me|me responda|me responde|me passa|me passe|não se esqueça|não esqueça|não te esqueças|não esquece|lembre-se|lembra de|lembre de|solicitamos|solicito|peço que|pedimos que|convidamos|solicitamos que|peço-lhe|peço a|pedimos a|peço o favor|gostaria que|gostaríamos que|preciso que|precisamos que|preciso de você|preciso da sua|preciso do seu|precisamos da sua|precisamos do seu|preciso|precisamos|aguardo|aguardamos|fico no aguardo|ficamos no aguardo|o que acha|o que você acha|o que achas|será que você|será que dá|dá pra|dá para você|tem como|queira|favor enviar|favor confirmar|favor|faça o favor|se puder|se puderes",
    ),
    (Please, "por favor|por gentileza|faz favor|se faz favor|gentileza"),
    (
        Command,
        "deixa|passa|leva|avisa|compra|pega|põe|bota|marca|entrega|olha|leve|evite|envie|envia|mandem|enviem|tragam|confirmem|avisem|mande|manda|confirme|confirma|verifique|verifica|confira|assine|assina|pague|paga|preencha|leia|lê|ligue|liga|responda|responde|reserve|traga|traz|pegue|faça|faz|coloque|compre|prepare|olhe|revise|revê|reveja|passe|deixe|imprima|atualize|complete|entregue|retire|lembre|baixe|anote|avise|marque|agende|venha|cadastre|regularize|apresente|compareça|devolva|corrija|veja",
    ),
    (
        Need,
        "você deve|você precisa|vocês precisam|deves|tens de|tem de|tem que|deve ser|devem ser|precisa ser|precisam ser|é preciso|é necessário|é obrigatório|a pagar|a ser pago|falta enviar|falta a sua|falta o seu|faltam|precisa assinar|deverá|deverão|necessário|devolver|encontram-se pendentes|está pendente|precisa de",
    ),
    (You, "você|vocês|te|ti|tu|teu|tua|seu|sua|seus|suas|lhe|o senhor|a senhora"),
    (
        Courtesy,
        "não hesite|qualquer dúvida|em caso de dúvida|em caso de dúvidas|dúvidas|estou à disposição|estamos à disposição|fico à disposição|ficamos à disposição|como vai|tudo bem|como está|como você está|obrigado por|obrigada por|obrigado pela|obrigada pela|obrigado pelo|obrigada pelo|agradecemos|agradeço|espero que|bom fim de semana|se precisar de algo|não se preocupe|não te preocupes|qualquer coisa me|se tiver dúvidas|até logo",
    ),
    (
        Inform,
        "segue em anexo|segue anexo|em anexo|segue o|segue a|informamos que|informo que|conforme combinado|conforme solicitado|comunicamos que|você pode conferir|você pode acompanhar",
    ),
    (
        Boilerplate,
        "não responda|não responder|descadastr|cancelar inscrição|cancelar a inscrição|descadastrar|descadastre|no navegador|no seu navegador|meio ambiente|antes de imprimir|por engano|mensagem automática|política de privacidade|não compartilhe|não partilhe|nunca compartilhe|destinatário|compre agora|se você não solicitou|se não solicitou|aproveite",
    ),
    (
        Opener,
        "caro|cara|caros|prezado|prezada|prezados|boa tarde|obrigado|obrigada|desculpe|não|amanhã|hoje|infelizmente|ps|ótimo|porém|pessoal|gente|e|depois|então|mas|ok|olá|oi|sim|também|primeiro|enfim|lembrete|aí|bom dia",
    ),
    (NotYou, "você pediu|você me|eu posso|posso|como você|você pode também|se pode|pode ser que"),
];

const ES: Words = &[
    (
        Maybe,
        "podría|podrían|puedes|puede usted|puede|podéis|pueden|podemos|alguien puede|quién puede",
    ),
    (
        Ask::Direct,
        "podrías|podríais|me puedes|me puede|nos puede|te importaría|le importaría|avísame|avíseme|avísanos|avísenme|dime|dígame|díganos|decidme|mándame|mándeme|mándanos|envíame|envíeme|envíanos|envíenos|envíenme|confírmame|confírmeme|confírmanos|llámame|llámeme|respóndeme|contéstame|pásame|páseme|tráeme|hazme|hágame|dame|deme|recuérdame|no olvides|no olvide|no olvidéis|no olviden|no te olvides|acuérdate|acuérdese|recuerda|recuerde|te pido|le pido|les pido|te ruego|le ruego|les ruego|rogamos|le invitamos a|se ruega|le rogamos|les rogamos|le agradecería|te agradecería|agradecería|agradeceríamos|le solicitamos|les solicitamos|solicitamos|necesito que|necesitamos que|necesito|necesitamos|me gustaría que|quisiera que|quiero que|espero tu|espero su|esperamos su|quedo a la espera|quedamos a la espera|qué te parece|qué opinas|qué le parece|sería posible|haz el favor|hacedme|cuento contigo|serías tan amable|sería tan amable|me hace falta|nos hace falta|me confirmas|me confirma|me mandas|me envías|me pasas|me dices",
    ),
    (Please, "por favor|porfa|porfavor|si eres tan amable|favor de|sírvase"),
    (
        Command,
        "envía|envíe|envíen|manda|mande|confirma|confirme|confirmen|revisa|revise|comprueba|verifica|firma|firme|paga|pague|rellena|rellene|completa|complete|lee|lea|llama|llame|responde|responda|respondan|contesta|reserva|reserve|trae|traiga|traigan|coge|haz|haga|hagan|pon|ponga|añade|compra|prepara|mira|pasa|deja|imprime|actualiza|entrega|entregue|recoge|apunta|ven|venid|acude|acuda|presente|inscríbete|devuelve|corrige|renueve|renueva|abone|remita|regularice",
    ),
    (
        Need,
        "tienes que|tiene que|tenéis que|tienen que|debes|debe|debéis|deben|deberías|hay que|es necesario|es obligatorio|se requiere|debe ser|deben ser|falta tu|falta su|faltan|hace falta|deberá|deberán|por pagar|a pagar|pendiente de firma|pendiente de pago|está pendiente|es imprescindible|se necesita|se necesitan",
    ),
    (You, "tú|tu|tus|te|ti|usted|ustedes|su|sus|le|les|vosotros|os|vuestro|vuestra"),
    (
        Courtesy,
        "no dudes|no dude|no duden|no dudéis|cualquier duda|cualquier consulta|si tienes dudas|si tiene dudas|si tienes alguna|si tiene alguna|quedo a tu disposición|quedo a su disposición|quedamos a su disposición|a su disposición|cómo estás|cómo está|qué tal|gracias por|agradecemos|agradezco|espero que estés|espero que se|espero que todo|buen fin de semana|no te preocupes|no se preocupe|que tengas|puede contactar|puedes contactar|puede ser que",
    ),
    (
        Inform,
        "adjunto|le informamos|te informamos|les informamos|encontrarás|encontrará|tal y como|como acordamos|como hablamos|le comunicamos",
    ),
    (
        Boilerplate,
        "no responda|no respondas|no responder|no conteste|darse de baja|darte de baja|date de baja|cancelar suscripción|cancelar la suscripción|en su navegador|en tu navegador|en el navegador|medio ambiente|antes de imprimir|por error|mensaje automático|política de privacidad|no compartas|no comparta|nunca compartas|destinatario|compra ahora|si no has solicitado|si no ha solicitado|si no solicitaste|aprovecha",
    ),
    (
        Opener,
        "querido|querida|estimado|estimada|estimados|buenas|buenas tardes|gracias|perdona|no|mañana|hoy|lamentablemente|perfecto|ps|pd|sin embargo|y|luego|entonces|pero|ok|hola|sí|también|primero|por último|recordatorio|además|buenos días",
    ),
    (
        NotYou,
        "me pediste|me pidió|puedo|podría yo|como me|se puede|se pueden|puede ser|puedes también",
    ),
];

const HI: Words = &[
    (Maybe, "सकते हैं|सकते हो|सकती हैं|सकोगे|सकेंगे|दोगे|देंगे|क्या हम"),
    (
        Ask::Direct,
        "क्या आप|क्या तुम|क्या तू|बता दें|बताएं|बताएँ|बताइए|बता दो|बताना|भेज दें|भेजें|भेजिए|भेज दो|भेज देना|भेज दीजिए|भेज दीजिएगा|कर दें|कर दीजिए|कर दो|कर देना|करें|कीजिए|दे दें|दे दो|दे देना|देना मत भूलना|मत भूलना|न भूलें|ना भूलें|याद रखें|याद रखना|जमा करें|जमा कराएं|जमा करवाएं|सूचित करें|अनुरोध है|निवेदन है|आग्रह है|प्रार्थना है|ज़रूर आना|ज़रूर आएं|ज़रूर आइए|आ जाइए|ले आना|लेते आना|ले आएं|देख लें|देख लेना|देख लो|फोन करना|फोन करें|कॉल करें|कॉल कर|कॉल करना|रिप्लाई करें|जवाब दें|उत्तर दें|पुष्टि करें|संपर्क करें|पहुंचें|पहुँचें|आ जाना|आ जाएं|लौटाएं|हस्ताक्षर करें|भरें|भर दें|अपलोड करें|चुकाएं|भुगतान करें|सुझाव दें|राय दें",
    ),
    (Please, "कृपया|प्लीज|प्लीज़|please|pls|kindly|मेहरबानी"),
    (
        Need,
        "चाहिए|होगा|जरूरी है|ज़रूरी है|आवश्यक है|अनिवार्य है|करना है|करना होगा|देना है|देना होगा|बाकी है|लंबित है|जमा करना|भेजना है|आपकी जरूरत|आपके जवाब|का इंतजार|का इंतज़ार|प्रतीक्षा",
    ),
    (You, "आप|आपका|आपकी|आपके|आपको|आपसे|तुम|तुम्हारा|तुम्हारी|तू|तुझे|तुम्हें"),
    (
        Courtesy,
        "कोई प्रश्न|कोई सवाल|किसी भी प्रश्न|किसी भी जानकारी|किसी भी सहायता|आशा है|उम्मीद है|कैसे हैं|कैसे हो|कैसी हो|धन्यवाद|शुक्रिया|शुभकामनाएं|चिंता मत|चिंता न करें|संकोच न करें|ख्याल रखना|अपना ध्यान",
    ),
    (Inform, "संलग्न है|संलग्न हैं|सूचित किया जाता|कृपया ध्यान दें|कृपया नोट करें|संलग्न देखें|सूचना हेतु"),
    (
        Boilerplate,
        "उत्तर न दें|जवाब न दें|रिप्लाई न करें|सदस्यता समाप्त|अनसब्सक्राइब|unsubscribe|ब्राउज़र में|ब्राउजर में|पर्यावरण|प्रिंट करने से पहले|स्वचालित|साझा न करें|शेयर न करें|किसी के साथ|गलती से प्राप्त|अभी खरीदें|do not reply|do not share",
    ),
    (NotYou, "आपने कहा|आपने मांगा|मैं कर|मैं भेज|हम भेज"),
];

const TH: Words = &[
    (
        Ask::Direct,
        "ช่วย|รบกวน|ขอความกรุณา|ขอความร่วมมือ|ขอให้|ฝาก|ส่งให้|ได้ไหม|ได้มั้ย|ได้ไหมคะ|ได้ไหมครับ|ได้หรือไม่|ได้หรือเปล่า|แจ้งกลับ|ตอบกลับ|แจ้งให้ทราบด้วย|บอกด้วย|บอกหน่อย|อย่าลืม|หน่อยนะ|หน่อยครับ|หน่อยค่ะ|หน่อยได้|ให้หน่อย|ด้วยนะ|ด้วยครับ|ด้วยค่ะ|ให้ด้วย|โทรกลับ|ขอทราบ|ขอข้อมูล|สะดวกไหม|สะดวกมั้ย|ว่างไหม|ว่างมั้ย|คิดว่ายังไง|คิดเห็นอย่างไร|พอจะ|รอคำตอบ|ขอเชิญ|ขอรบกวน|ไหวไหม|ดีไหม|ดีมั้ย|เอามาด้วย|ขอเอกสาร|ขอยืม",
    ),
    (Please, "กรุณา|โปรด|please|pls"),
    (
        Need,
        "ต้องส่ง|ต้องชำระ|ต้องการ|จำเป็นต้อง|จะต้อง|ต้องยื่น|ต้องลงทะเบียน|ต้องการให้|ครบกำหนดชำระ|ค้างชำระ|ยังไม่ได้รับ|ยังขาด|ต้องมา|ต้องเซ็น|ต้องนำ|ต้องตอบ|ให้ส่ง|ให้ชำระ|ให้มา",
    ),
    (You, "คุณ|ท่าน|เธอ|แก"),
    (
        Courtesy,
        "ไม่ต้อง|หากมีข้อสงสัย|หากมีคำถาม|หากต้องการสอบถาม|หากท่านมีข้อสงสัย|มีข้อสงสัย|สอบถามเพิ่มเติม|ติดต่อได้ตลอด|สบายดีไหม|สบายดีมั้ย|เป็นยังไงบ้าง|ขอบคุณที่|ขอบคุณสำหรับ|ขอบพระคุณที่|หวังว่า|ไม่ต้องห่วง|ไม่ต้องกังวล|ดูแลตัวเอง|ขอแสดงความ|ขออภัย|ยินดีช่วย|ช่วยเหลือ|ช่วยได้มาก|ช่วยกันมา",
    ),
    (
        Inform,
        "ตามแนบ|แจ้งให้ทราบ|แจ้งเพื่อทราบ|เพื่อทราบ|โปรดทราบ|ขอแจ้งให้ทราบ|โปรดดูเอกสารแนบ|ขอเรียนให้ทราบ|เอกสารแนบ|โปรดปราน",
    ),
    (
        Boilerplate,
        "อย่าตอบกลับ|ไม่ต้องตอบกลับ|ห้ามตอบกลับ|ยกเลิกการรับ|ยกเลิกรับ|ยกเลิกการสมัคร|unsubscribe|ในเบราว์เซอร์|สิ่งแวดล้อม|ก่อนพิมพ์|อัตโนมัติ|ห้ามเปิดเผย|อย่าเปิดเผย|อย่าบอกรหัส|ห้ามบอกรหัส|ไม่เปิดเผยรหัส|ได้รับอีเมลนี้โดยผิดพลาด|นโยบายความเป็นส่วนตัว|ช้อปเลย|ซื้อเลย|do not reply",
    ),
    (NotYou, "ตามที่ขอ|ที่คุณขอ|เดี๋ยวผม|เดี๋ยวฉัน|จะส่งให้|ส่งให้แล้ว|ผมส่งให้|จะช่วย"),
];

/// The table of a language.
pub(super) fn asks(lang: Lang) -> &'static Phrases<Ask> {
    static TABLES: [LazyLock<Phrases<Ask>>; 8] = [
        LazyLock::new(|| table(EN)),
        LazyLock::new(|| table(DE)),
        LazyLock::new(|| table(FR)),
        LazyLock::new(|| table(IT)),
        LazyLock::new(|| table(PT)),
        LazyLock::new(|| table(HI)),
        LazyLock::new(|| table(ES)),
        LazyLock::new(|| table(TH)),
    ];
    &TABLES[lang as usize]
}

fn table(words: Words) -> Phrases<Ask> {
    // What only looks like asking is told first, so that it stands where a phrase is listed twice.
    let last = |kind: &Ask| {
        matches!(kind, Ask::Direct | Ask::Maybe | Ask::Please | Ask::Command | Ask::Need | Ask::You)
    };
    let (looks, asks): (Vec<_>, Vec<_>) = words.iter().copied().partition(|(kind, _)| !last(kind));
    Phrases::of(looks.into_iter().chain(asks))
}

# ruff: noqa: RUF001 - the letters are those of the languages
"""Words that sellers and customers both use, in the languages that spam comes in: several together are a sign.

Between single spaces, parted by bars; `#` is any number, a trailing `*` any ending. They are compared with the words of
a message after its disguises are taken off (contacts/spam_text.py); what is written without spaces, as Chinese is, may
stand anywhere in it.

`TRADES` is what kinds of spam are about: one word of a trade means nothing. `TOPICS` is what customers and sellers both
speak of, `PITCHES` is how sellers speak, both by points: each alone says little, together they say much. `OURS` is what
people write to us about, `WARNINGS` is how they tell of spam.
"""

TRADES: dict[str, str] = {
    "gambling": (
        "casino*|slot|slots|spins|jackpot*|bet|bets|betting|poker|roulette|baccarat|blackjack|odds|bookmaker*|wager*|"
        "payout*|sportsbook|lottery|scratch cards|rtp|tipster*|bonus*|deposit|withdraw*|real money|cash wins|"
        "real cash|gambling|gamble|jackpots|hottest|instant win|cashback|vip club|казино|слот*|ставк*|букмекер*|"
        "рулетк*|покер|бонус*|депозит*|выигр*|джекпот*|розыгрыш*|играй*|wetten|spielautomaten|automatenspiele|"
        "freispiele|echtgeld|einzahlung|gewinne|spielothek|paris sportif*|machines à sous|tours gratuits|mise|gains|"
        "jouez|tragaperras|apuesta*|pronóstico*|ruleta|giros|juega|premios|scommess*|puntate|vincite|giocate|aposta*|"
        "cassino|rodada*|jogue|bahis*|kumar|iddaa|çevrim*|oranlar*|judi|gacor|menang|daftar|klaim|taruhan|jackpot|"
        "kasyn*|spin*|zakład*|wygra*|kèo|cá cược|nổ hũ|카지노*|베팅*|슬롯*|배당*|충전|投注|老虎机|体育投注|开奖|下注|"
        "スロット|賭け*|ジャックポット|ボーナス|เดิมพัน|ฝากถอน|แจกเครดิต|رهان*|قمار|جوائز"
    ),
    "medicine": (
        "pill|pills|tablets|mg|pharmacy|prescription|weight loss|lose weight|slim*|melts fat|fat|keto|cure|cured|"
        "cures|herbal|miracle*|remedy|remedies|supplement*|detox|diabetes|herpes|cancer|hiv|erection|big pharma|"
        "doctors|blood sugar|pain relief|painkiller*|cbd|thc|cannabis|weed|ozempic|semaglutide|steroid*|sarms|"
        "hair loss|anti aging|wrinkles|bottles|natural|libido|testosterone|nerve pain|joint pain|tinnitus|neuropathy|"
        "while you sleep|похуде*|таблетк*|лекарств*|лечени*|аптек*|препарат*|abnehmen|pillen|tabletten|apotheke|"
        "schlank|heilmittel|maigrir|pilule*|perdre du poids|minceur|guérison|adelgazar|pastillas|farmacia|curar|"
        "emagrec*|remédio*|dimagrire|pillole|zayıfla*|减肥|壮阳|保健品|ダイエット|サプリ*|痩せ*|다이어트*|تخسيس|حبوب|"
        "علاج"
    ),
    "sex": (
        "sex|sexual|sexy|girl|girls|babe*|naked|nude*|cam|cams|camgirl*|horny|bored|dating|singles|lonely|kiss*|"
        "lover*|escort*|erotic*|adult|milf*|fetish|hot|chat with me|video chat|hookup|affair*|massage|photos of me|"
        "девушк*|знакомств*|секс*|интим*|эрот*|frauen|heiß*|nackt*|treffen|flirt*|einsam|femmes|rencontre*|coquine*|"
        "chicas|calientes|sexo|citas|ragazze|incontri|mulheres|gatas|kadın*|arkadaşlık|wanita|bispak|kobiety|randk*|"
        "geile|vrouwen|美女|约会|同城|エッチ|無修正|熟女|出会い|섹스*|만남*|بنات|تعارف"
    ),
    "loans and debts": (
        "loan|loans|lender*|lending|interest rate*|interest|collateral|funding|capital|finance projects|repayment|"
        "debt|debts|mortgage*|refinanc*|credit|credit score|credit check|approved|pre qualified|private lender|"
        "any amount|amount needed|working capital|cash advance|кредит*|заём|займ*|деньги|процент*|без отказа|kredit*|"
        "darlehen|zinsen|kreditgeber|schufa|schulden|auszahlung|dringend geld|prêt*|crédit*|taux|justificatif|"
        "emprunt*|préstamo*|crédito*|interés|aval|dinero urgente|empréstimo*|juros|negativado|prestit*|tasso|"
        "finanziament*|kredi*|faiz|pinjam*|bunga|pożyczk*|oprocentowan*|lening|rente|geld|vay|lãi suất|대출*|무담보|"
        "贷款|利息|放款|借款|融資|借入|キャッシング|สินเชื่อ|เงินกู้|قرض*|تمويل|فائدة"
    ),
    "quick profit": (
        "profit*|roi|returns|deposit|withdraw*|trading|trader*|forex|crypto*|bitcoin*|btc|eth|ethereum|usdt|coin|"
        "coins|token*|presale|airdrop*|mining|staking|signals|robot|broker*|investment*|investor*|invest|earn|"
        "earning*|income|dividend*|pump|whales|moon|100x|10x|1000x|millionaire*|rich|wealth|money|cash|per day|"
        "every day|daily|weekly|a day|a week|automatic*|double|giving away|giveaway|guaranteed|risk free|passive|"
        "hurry|заработ*|доход*|прибыл*|инвест*|криптовалют*|биткоин*|трейд*|деньги|рублей|вложени*|verdien*|geld|"
        "gewinn*|rendite|investier*|krypto*|täglich|gagne*|argent|revenu*|investi*|cryptomonnaie*|gana|ganar|dinero|"
        "ingresos|inversi*|criptomoneda*|ganhe|dinheiro|renda|lucro*|guadagn*|soldi|criptovalut*|kazanç|kazan|para|"
        "yatırım|kripto|uang|cuan|keuntungan|zarób*|zarabia*|inwesty*|tiền|kiếm|lợi nhuận|수익*|투자*|코인*|赚钱|投资|"
        "收益|比特币|稼*|儲か*|投資|収入|副収入|रोज़|कमाए*|ربح*|ارباح|استثمار*|تداول"
    ),
    "a fortune abroad": (
        "million|millions|dollars|usd|euros|fund|funds|bank|transfer*|beneficiar*|confiden*|inherit*|deceased|died|"
        "late husband|late father|widow*|barrister|lawyer|diplomat*|gold|consignment|foundation|charity|donat*|"
        "trustworthy|honest person|percent|for your assistance|assist me|move out|out of my country|god|god bless|"
        "minister|refugee*|army|soldier|syria|nigeria|united nations|atm|prince*|sum of|compensation|prize|winner|won|"
        "award|congratulations|claim|lottery|selected|миллион*|долларов|наследств*|фонд|приз|выиграли|millionen|"
        "erbschaft|verstorben*|anwalt|gewonnen|spende|héritage|millions d|décédé*|don|gagné|notaire|herencia|millones|"
        "fallecid*|abogado|donación|ganador|premio|eredità|milioni|vincitore|herança|milhões|ganhador|miras|milyon|"
        "100万|億円|受取|おめでとう|遗产|百万|获奖|中奖|ميراث|مليون|جائزة"
    ),
    "jobs without work": (
        "work from home|from home|at home|no experience|experience needed|get paid|paid to|salary|hiring|job offer*|"
        "part time|remote job*|remote work|earn|weekly|per week|per review|a week|easy|easy work|visa|free flight|"
        "free housing|workers|apply|start today|sticker|send a check|tasks|test products|mystery shopper*|"
        "no cost to you|no skills|flexible hours|limited spots|вакансии|подработк*|удалённ*|удаленн*|без опыта|"
        "на дому|heimarbeit|nebenjob|nebenverdienst|von zuhause|travail à domicile|sans expérience|trabaja desde|"
        "desde casa|sin experiencia|trabalhe|em casa|sem experiência|lavoro da casa|evden|ek iş|kerja dari|"
        "praca w domu|việc nhẹ|việc làm thêm|재택*|부업*|兼职|日结|招聘|在宅|副業|内職|งานออนไลน์|العمل من المنزل"
    ),
    "goods in bulk or for nothing": (
        "factory|factories|manufactur*|supplier*|supply|wholesale*|moq|export*|catalog*|price list|best price|oem|odm|"
        "fast shipping|free shipping|shipping|pcs|pieces|samples|machine parts|bearings|led|your requirement*|buyer|"
        "purchasing|outlet|replica*|brand new|in stock|sale|on sale|off|cheap|cheapest|deal|deals|discount*|bags|"
        "shoes|watches|handbags|sunglasses|perfume*|vape*|disposable*|e liquid|wigs|jerseys|electronics|steel|"
        "furniture|from china|guangzhou|shenzhen|years of experience|dear buyer|sell out|limited stock|last chance|"
        "add whatsapp|оптом|поставк*|производител*|скидк*|распродаж*|недорого|со склада|прайс*|großhandel|rabatt*|"
        "hersteller|günstig*|lieferung|fournisseur*|usine|promotion*|remise|livraison|fabricante*|mayorista|"
        "descuento*|oferta*|envío gratis|atacado|desconto*|frete grátis|ingrosso|sconto|fornitor*|toptan|indirim*|"
        "grosir|diskon|hurt|rabat*|工厂|批发|厂家|供应商|优惠|激安|卸売|割引|送料無料|도매|할인|خصم*|بالجملة"
    ),
    "house and law": (
        "homeowner*|roof*|solar|inspection|insurance|insurers|timeshare*|mortgage|warranty|car warranty|lawsuit|sued|"
        "our lawyers|settlement|compensation|consultation|free consultation|free estimate*|estimate|in your area|"
        "storm|gutter*|windows|plumb*|hvac|pest|movers|cleaning|janitorial|medicare|benefits|eligible|qualify|"
        "government program*|grant*|tax relief|irs|stimulus|save up|saving up"
    ),
}

TOPICS: dict[int, str] = {
    20: (
        "seo services|seo service|seo packages|seo report|website redesign|redesign your website|"
        "mobile app development|website design and|web design services|search engine optimization|"
        "software outsourcing|offshore team|dedicated developers|outsourcing company|data entry|photo editing|"
        "image editing|virtual assistant*|explainer video*|animated video*|press release*|wikipedia page|ai chatbot|"
        "ai assistant that|lead generation|logo design|google ads account|merchant fees|credit card processing|"
        "translation agency|cleaning services|custom t shirts|business cards|web hosting|influencers|radio stations|"
        "investment group|joint ventures|token on|employee retention|featured in forbes|led displays|"
        "продвижение сайт*|продвижение вашего|создание сайтов|suchmaschinenoptimierung|référencement naturel|"
        "posicionamiento seo|posicionamiento web|servizi seo|pozycjonowani*|خدمات السيو|تحسين موقعك|seo対策|検索上位|"
        "网站优化|优化排名|贷款|发票"
    ),
    12: (
        "seo|rank on google|ranking on google|rank higher|not ranking|first page|page # of google|google ranking*|"
        "organic traffic|website traffic|more traffic|increase traffic|losing traffic|more leads|more customers|"
        "google maps|google my business|google business|wordpress|search engines|keywords|competitors rank|ad spend|"
        "iphone|wallet|топ #|яндекс*|bei google|seite #|première page|primera página|prima pagina|primeira página|"
        "ilk sayfa|pierwszej strony|نتائج جوجل"
    ),
    8: (
        "traffic|leads|followers|ranking|rankings|subscribers|likes|engagement|outreach|redesign|responsive|"
        "mobile friendly|android|ios|apps|web development|developers|engineers|startups|campaigns|advertising|"
        "ad credit|marketing|branding|reviews|reputation|listing|appointments|decision makers|b2b|prospects|pipeline|"
        "automation|chatbot*|conversion*|widget|compliant|monetized|aged accounts|premium domain|domain|smm|panel|"
        "bulk|main keywords|page # for|отзыв*|реклам*|сайт*|продвижени*|клиентов|заявок|webseite*|werbung|kunden|"
        "bewertungen|site web|publicité|avis|clientes|sitios web|publicidad|reseñas|sites|hospedagem|orçamento|"
        "siti web|pubblicità|recensioni|strony|reklam*|web tasarım|推广|谷歌|首页|询盘|流量|集客|広告|ホームページ|"
        "hosting|ecommerce|technical errors|critical errors|adwords|ppc|whatsapp|telegram|телеграм*|واتساب|微信|qq群|"
        "line登録"
    ),
}

PITCHES: dict[int, str] = {
    20: (
        "unsubscribe|opt out|reply stop|click here|kindly revert|revert back|no obligation|reply with the word|"
        "not contact you again|click here to|order now|buy now|shop now|act now|play now|join now|apply now|"
        "sign up bonus|money back guarantee|limited slots|limited spots|limited stock|today only|this week only|"
        "offer ends|results are guaranteed|guaranteed results|results guaranteed|pay for results|pay per lead|"
        "free audit|free of cost|free sample*|free trial|free demo|free seo|free quote|person in charge|"
        "in charge of marketing|referral link|my referral|invite code|use my code|your competitors|schedule a quick|"
        "quick call|quick chat|по ссылке|unverbindlich*|klicken sie hier|jetzt bestellen|jetzt kostenlos|cliquez ici|"
        "audit gratuit|haz clic|auditoría gratis|clique aqui|clicca qui|preventivo gratuito|klik hier|اضغط هنا|"
        "سجل الآن|hemen üye|daftar sekarang|đăng ký ngay|бесплатный аудит|оставьте заявку|bezpłatną wycenę|無料診断|"
        "先验后付款"
    ),
    10: (
        "we offer|we are offering|our services|our packages|we provide|we can help you|i can provide|we have helped|"
        "we work with|we connect|we build|we create|we specialize|we generate|we can increase|we guarantee|"
        "our team of|our experts|our clients|most clients|years of experience|a leading|affordable|low cost|"
        "lowest rate*|lowest price*|unbeatable|competitive price*|best price*|hourly rate*|# hour|interested|"
        "if interested|are you interested|would you be interested|would you be open|can i send|may i send|shall i|"
        "can we give|reply to this|just reply|reply yes|reply for|get started|get your|get a free|share your phone|"
        "best time to call|best number to|your website|your site|your business|dear sir|sir madam|dear manager|"
        "greetings of the day|dear friend|hello dear|webmaster|website owner|hello owner|came across your|"
        "noticed that your|noticed your|going through your|ran your website|white label|money back|guaranteed|"
        "100 guarantee|# off|free shipping|for sale|good prices|make an offer|want me to|send details|"
        "send you details|right person|short call|call today|hope you are well|hope you are doing well|monthly plan|"
        "plans from|no contract|cancel anytime|reply ok|reply with|to claim|claim your|start today|hurry|log in here|"
        "watch the|message our|contact him|contact her|add whatsapp|telegram only|in minutes|in all countries|"
        "fits your budget|our price|price list|business owner|development manager|business development|your brand|"
        "your competitor|# support|escrow|we supply|we develop|we design|we book|we finance|we sell|we send|we made|"
        "our team|our widget|our platform|our agent|our channel|our canal|per month|a month from|free scan|"
        "free inspection|free consultation|free estimate*|free report|apply at|sign up|log in and|join the|join our|"
        "únete|peça já|sem compromisso|garantida|hubungi|цены от|работаем с|обращайтесь|звоните|заказать|закажите|"
        "melden sie sich|sichern|jetzt spielen|envoyez nous|profitez|solicite|aproveite|approfitta|richiedi|hemen|"
        "欢迎咨询|提供|保证|帮您|手続き|選ばれました|contact us on|message us|text us|call us today|call now|dm me|"
        "instant delivery|book a slot|our portfolio|our proposal|samples|for only|starts at|start at|предлагаем|"
        "недорого|гарант*|напишите нам|цена всего|wir bieten|mit garantie|günstige|ihre webseite|dürfen wir ihnen|"
        "angebot senden|nous proposons|prix cassé|votre site|répondez à ce|recevoir un devis|ofrecemos|bajo costo|"
        "su página web|le enviamos|offriamo|il vostro sito|prezzi bassi|risultati garantiti|oferujemy|gwarancj*|tanie|"
        "czy mogę przesłać|نقدم|بأسعار|عرض سعر|تواصل معنا|راسلنا|uygun fiyat*|garantisi|satışı|格安|ご提供|今すぐ|"
        "こちら|价格低|后付费|加微信|专业|แอดไลน์|สมัครเลย|โปรโมชั่น"
    ),
}

OURS = (
    "course|courses|training*|lesson*|enrol*|certificate*|instructor*|trainer*|invoice*|refund*|bootcamp|workshop*|"
    "seminar*|webinar*|homework|exercise*|handout*|class|classes|teacher|tuition|students|kurs*|schulung*|rechnung*|"
    "zertifikat*|lektion*|cours|formation|facture*|certificat*|curso*|factura*|certificado*|matrícula|corso|fattura|"
    "lezione|fatura|курс*|сертификат*|урок*|занят*|сертифікат*|рахунок|دورة*|دورات|الشهادة|khóa học|μάθημα|σεμινάριο|"
    "τιμολόγιο|강의*|수료증*|कोर्स|zajęcia|faktur*|cursus|factuur|tečaj*|kozi|tanfolyam*|kurz*|הקורס|חשבונית|دوره*|"
    "講座|受講|修了証|請求書|レッスン|クラス|课程|課程|退費|老师|老師|คอร์ส|作业"
)

WARNINGS = (
    "moderator*|spam comments|posts ads|posts spam|phishing mail|is that phishing|is this phishing|suspicious mail|"
    "suspicious e mail|in your name|is this from you|fake mail|spam in|gefälschte mail|ist das phishing|faux mail|"
    "correo falso|это мошенники|迷惑メール"
)

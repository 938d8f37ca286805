# ruff: noqa: RUF001 - the letters are those of the languages
"""What nobody writes to a school for, in the languages that spam comes in: each is a sign by itself.

Between single spaces, parted by bars; `#` is any number, a trailing `*` any ending. They are compared with the words of
a message after its disguises are taken off (contacts/spam_text.py); what is written without spaces, as Chinese is, may
stand anywhere in it.
"""

# By the name that staff read: the points, and the phrases.
OFFENCES: dict[str, tuple[int, str]] = {
    "medicine without a prescription": (
        50,
        (
            "viagra|cialis|levitra|tramadol|xanax|kamagra|sildenafil|canadian pharmacy|online pharmacy|"
            "no prescription|without prescription|without a prescription|male enhancement|penis*|erectile*|"
            "weight loss pills|diet pills|keto gummies|keto diet pills|lose # pounds|pills online|cheap pills|"
            "buy pills|cbd oil|cbd gummies|harder longer|testosterone booster|burn fat|belly fat|rezeptfrei*|"
            "potenzmittel|sin receta|sans ordonnance|senza ricetta|sem receita|без рецепта|виагр*|сиалис|bez recepty|"
            "reçetesiz|بدون وصفة|伟哥|バイアグラ|비아그라"
        ),
    ),
    "gambling": (
        50,
        (
            "casino bonus*|online casino*|casino online|free spins|no deposit|deposit bonus|welcome bonus|"
            "online slots|slots online|casino slots|best casino*|fixed matches|betting tips|football betting|"
            "sports betting|betting site*|betting guide|1xbet|poker online|play slots|slot gacor|judi online|"
            "agen judi|togel|maxwin|situs slot|онлайн казино|казино онлайн|бесплатных вращений|фриспин*|фріспін*|"
            "бездепозитн*|первый депозит|бонус за регистрацию|прогнозы на спорт|ставки от|ставки на спорт|"
            "casino en ligne|tours gratuits|bonus sans dépôt|paris sportifs|giros gratis|tiradas gratis|"
            "bono sin depósito|apuestas deportivas|giri gratis|casinò online|bonus senza deposito|rodadas grátis|"
            "cassino online|apostas esportivas|darmowych spinów|darmowe spiny|kasyno online|bonus bez depozytu|"
            "deneme bonusu|canlı bahis|bahis siteleri|çevrimsiz|freispiele|bonus ohne einzahlung|gratis spins|nhà cái|"
            "tỷ lệ kèo|كازينو|دورة مجانية|مراهنات|카지노*|바카라|토토|꽁머니|सट्टा*|赌场|百家乐|彩金|博彩|娱乐城|"
            "オンラインカジノ|入金不要|フリースピン|สล็อต|บาคาร่า|คาสิโน|แทงบอล|เครดิตฟรี"
        ),
    ),
    "sex": (
        50,
        (
            "porn*|xxx|sexy singles|hot girls|escort*|casual sex|hookup*|nudes|naked and|hot photos|live cams|"
            "sex cams|naked girls|horny|onlyfans|adult dating|sex dating|singles in your area|girls near you|"
            "local singles|интим*|секс знакомств*|проститут*|девушки твоего города|heiße frauen|sex treffen|geile*|"
            "sexdate*|chicas calientes|quieren sexo|plan cul|femmes chaudes|ragazze calde|mulheres quentes|sex fotky|"
            "ücretsiz porno|人妻|出会い系|セフレ|约炮|約炮|援交|裸聊|조건만남"
        ),
    ),
    "a stranger who wants to be met": (
        40,
        (
            "single lady|single woman|lonely woman|my private email|my private e mail|my private mail|"
            "saw your profile|to know you better|serious relationship|send you my photos|looking for a man|"
            "ищу мужчину|femme seule|mujer soltera|donna sola"
        ),
    ),
    "a loan for anyone": (
        50,
        (
            "loan offer*|urgent loan*|personal loan*|business loan*|offer loans|no credit check|no collateral|"
            "bad credit|working capital|merchant cash advance|erase your debt|credit card debt|fix your credit|"
            "your credit score|pre approved|line of credit|government program erases|кредит без отказа|срочный кредит|"
            "без справок|деньги за # минут|займ на карту|займ*|ohne schufa|sofortkredit|offre de prêt|des prêts de|"
            "prêt entre particuliers|prêt rapide|préstamo urgente|ofrecemos préstamos|préstamos de|préstamos rápidos|"
            "sin aval|empréstimo rápido|sem consulta|offro prestiti|prestiti da|senza busta paga|acil kredi|kefilsiz|"
            "pinjaman online|tanpa jaminan|pożyczka bez|szybka pożyczka|chwilówk*|geld lenen|bkr|vay tiền|"
            "không thế chấp|قروض شخصية|عرض قرض|بدون ضمانات|무직자*|당일 대출|무서류*|无抵押|当天放款|黑户|即日融資|"
            "審査なし|套现"
        ),
    ),
    "money from nothing": (
        50,
        (
            "double your bitcoin|double your money|guaranteed return*|guaranteed profit*|profit guaranteed|earn # per|"
            "earn # a day|earn # a week|earn # a month|earn # daily|# a month on|on autopilot|work from home|"
            "working from home no|make money online|financial freedom|make money fast|get rich|easy money|money flip|"
            "cash app flip|cashapp flip|free airdrop|usdt airdrop|claim your free|connect your wallet|trading signals|"
            "binary options|instant withdrawals|weekly on your investment|no risk|without risk|send # get #|"
            "crypto invest*|invest in bitcoin|invest in crypto*|earn bitcoin|recover lost|recovery expert|gold ira|"
            "pays # weekly|pays # daily|my account manager|investment with|заработок в интернете|заработок от|"
            "рублей в день|без вложений|гарантированный доход|зарабатывай*|работа на дому|пассивный доход|"
            "geld verdienen|euro pro tag|schnelles geld|passives einkommen|gagner de l argent|argent facile|"
            "revenus passifs|gana dinero|gane dinero|dólares al día|dinero desde casa|ingresos pasivos|ganhe dinheiro|"
            "renda extra|dinheiro fácil|guadagna da casa|soldi facili|zarabiaj*|para kazan*|evden para|اربح المال|"
            "ارباح مضمونة|أرباح مضمونة|الربح من الانترنت|घर बैठे पैसे|पैसे कमाएं|kiếm tiền online|hasilkan uang|日赚|"
            "刷单|躺赚|稼げる|副業|月収|日結|부업 수익"
        ),
    ),
    "an inheritance, a prize or a fund": (
        50,
        (
            "next of kin|late client|unclaimed fund*|fund transfer|transfer of funds|compensation fund|atm card|"
            "inheritance of|my inheritance|dying widow|decided to donate|dear beloved|million dollars|million usd|"
            "box of gold|consignment box|international lottery|lottery winner|you have won|address has won|has won #|"
            "claim your prize|claim your reward|you are the lucky|lucky winner|lucky visitor|win a free|gift card|"
            "have been selected to|trusted person|lucrative business|business proposal for you|millones de dólares|"
            "cliente fallecido|transferencia de fondos|mon héritage|gravement malade|iphone # gewonnen|"
            "gewonnen bestätigen|gewinn zu erhalten|вы выиграли|выиграли приз|ha vinto|você ganhou|has ganado|"
            "vous avez gagné|love spell*|spell caster|back your ex|retour affectif|marabout|tax refund of|"
            "eligible to receive|中奖|恭喜您|当選"
        ),
    ),
    "what phishers and blackmailers write": (
        50,
        (
            "verify your account|verify your information|verify your listing|verify your identity|"
            "confirm your identity|confirm your card|account has been limited|account has been suspended|"
            "will be suspended|limited please verify|mailbox quota|quota has been|mailbox is full|unusual activity|"
            "unusual sign|update your billing|billing information|update your payment|payment details now|"
            "reset your password now|restore access|parcel could not|reschedule your delivery|unpaid customs|"
            "customs fees|copyright infringement|i hacked|has been hacked|recorded you|your webcam|to this wallet|"
            "to our wallet|domain listing|domain registration will|toll free number|will be debited|"
            "did not make this purchase|seed phrase|confirm your account|cannot be shipped|konto wurde gesperrt|"
            "konto gesperrt|votre compte sera|votre compte a été suspendu|su cuenta será|su cuenta ha sido|"
            "аккаунт заблокирован|счет заблокирован|ваш счет|異常なログイン|停止されます|アカウント停止|账号异常|"
            "帳戶異常"
        ),
    ),
    "forged papers or paid cheating": (
        50,
        (
            "buy a real|registered diploma|fake passport*|fake diploma*|real and fake|without exam|without the exam|"
            "buy essay*|essay writing service*|cheap essay*|custom essay*|essay writers|write my essay|exam dumps|"
            "buy ielts|ielts certificate|hire a hacker|certified hackers|catch a cheater|buy degree|buy diploma|"
            "undetectable|spoofed caller|купить диплом|диплом о высшем|с занесением в реестр|купить права|代开|代開|"
            "办证|刻章"
        ),
    ),
    "bulk mail or trade in links": (
        40,
        (
            "backlink*|hacklink*|dofollow|guest post*|guest article*|link insertion*|link exchange*|sponsored post*|"
            "sponsored content|sponsored article*|domain authority|da #|permanent link*|your contact form|xrumer|"
            "million contact forms|million websites|email list of|verified email*|email database|database of ceos|"
            "bulk email*|bulk sms|mass posting|captcha solver|targeted traffic|real human visitors|traffic bot|"
            "updated database|instagram followers|youtube views|tiktok likes|free followers|sub#sub|sub4sub|"
            "google reviews|trustpilot reviews|cold email*|qualified leads|verified leads|email leads|business leads|"
            "visitors into leads|visitors into customers|business listing|listing or it will|хрумер*|вечные ссылки|"
            "базы email|базы данных фирм|рассылк*|прогон сайта|firmenadressen|compre seguidores|comprar seguidores|"
            "acheter des abonnés|takipçi satın|باك لينك|外链|快速上词|代发|被リンク|相互リンク"
        ),
    ),
    "forged or dumped goods": (
        40,
        (
            "replica*|rolex|louis vuitton|ray ban|luxury watches|cheap bags|cheap shoes|aaa quality|wholesale price*|"
            "at wholesale|factory price*|factory direct|professional manufacturer|hair factory|iptv|puppies for sale|"
            "teacup|lifetime activation|windows # pro|genuine windows|premium courses|dmca ignored|"
            "flying off the shelves|before they sell out|buy now buy now|disposable vape*|solar panels for|"
            "electricity bill|car insurance"
        ),
    ),
}

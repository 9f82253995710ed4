"""Frequent short words of languages in Latin script, by which a text is known. Data alone.

Written from general knowledge of each language's grammar words; a word may stand under several languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

_WORDS = {
    "en": """a i once set its the of and to in is you that it he was for on are as with his they at be this
        have from or had by but not what all were we when your can said there use an each which
        she do how their if will up other about out many then them these so some her would make
        like him into has look more go see no way could people my than been who now find did
        get come may over new take only know year me back give most very after thing our just
        name good man think say great where help through much before line right too any same
        tell want because does let went off need try us again still should well also even here
        why things didn don't doesn't can't isn't i'm it's you're won't please write explain
        show describe list summarize create using between am got one two hello hi thanks thank
        yes never always every hate love being something someone really i'll we're they're
        there's what's that's""",
    "fr": """le la les un une des du de et est dans pour que qui sur avec pas plus ce cette ces son sa ses
        je tu il elle nous vous ils elles ne se au aux mais ou où comme être avoir fait sont
        était été mon ma mes ton ta leur leurs tout tous toute bien très aussi quand quel
        quelle quels comment pourquoi peux peut c'est j'ai n'est d'un d'une qu'il l'on oui non
        merci bonjour chez sans sous entre donc alors par en suis""",
    "de": """der die das und ist in den von zu mit sich des auf für nicht ein eine einer eines einem einen
        als auch es an werden aus er hat dass sie nach wird bei um am sind noch wie über so zum
        war haben nur oder aber vor zur bis mehr durch man sein wurde ich du wir ihr mich dich
        uns mir dir kann warum was wer wo wenn sehr schon kein keine meine mein dein ihre bitte
        danke ja nein gibt alle immer""",
    "es": """el la los las un una unos unas de del y en que es por con para no se lo su sus al como más pero
        le ha me si sin sobre este esta estos entre cuando muy también hasta desde todo todos
        nos yo tú él ella ellos ustedes son fue era ser estar está están hay mi mis tu te qué
        cómo cuál dónde porque puede puedo quiero gracias hola sí ya o e hacer tiene""",
    "pt": """o a os as um uma de do da dos das e em no na nos nas que é por para com não se mais como mas ao
        à foi são ser está estão tem há seu sua seus ele ela eles você vocês eu nós me meu
        minha isso este esta esse quando muito também já só até pelo pela ou qual quais onde
        porque obrigado olá sim posso pode""",
    "it": """il lo la i gli le un uno una di del della dei delle e è in che per con non si da al alla sono
        ha ho mi ti ci come più ma anche se su nel nella questo questa questi quello io tu lui
        lei noi voi loro suo sua mio mia essere stato fatto quando dove perché cosa chi quale
        molto tutto tutti dal dalla grazie ciao sì o ed puoi può""",
    "nl": """de het een en van in is dat op te zijn met voor niet aan er om ook als maar dan of bij nog uit
        naar door over ze hij zij wij we jij je ik mijn jouw ons hun wat wie waar waarom hoe
        kan kunnen wordt worden was waren heeft hebben had geen meer veel deze dit die tot zich
        alle heel graag dank ja nee""",
    "pl": """i w z na do się nie jest to że jak o od za po dla ale przez co tak czy tylko był była było być
        są ma mam może ich jego jej ten ta te tego tej tym już lub oraz gdy który która które
        dlaczego proszę dziękuję mnie mi ja ty on ona my wy oni bardzo też ze""",
    "sv": """och i att det som en på är av för med den till inte har de ett om han hon var jag sig så men
        från vi kan när man nu ska skulle hur varför vad vem min mitt din ditt er oss eller
        efter mycket också""",
    "da": """og i at det som en på er af for med den til ikke har de et om han hun var jeg sig så men fra vi
        kan når man nu skal ville hvordan hvorfor hvad hvem min mit din dit jer os eller efter
        meget også""",
    "fi": """ja on ei se että oli hän mutta ovat kun niin kuin myös joka sen olla minä sinä me te he tämä
        mitä miten miksi missä olen olet voi jos tai vain nyt kaikki ole mikä kanssa""",
    "tr": """ve bir bu da de için ile çok ne o gibi daha var ben sen biz siz onlar ama değil mi mı mu olarak
        kadar sonra en hangi kaç ilk göre tarafından ise oldu edin misiniz istiyorum benim bana
        senin olduğu eden arasında zaman nasıl neden nerede kim olan her şey yok evet hayır
        lütfen teşekkürler""",
    "ro": """și în de la cu pe nu este un o din pentru că care mai sunt ce se au fost dar sau prin după
        foarte eu tu el ea noi voi ei cum unde când tot toate fi îmi îți să""",
    "cs": """a v se na je že s z do o i to jako za by ale pro od jsem jsou byl byla bylo být má není když
        který která které jak proč kde co ten ta tak už nebo si po mi ho""",
    "hu": """a az és hogy nem is egy ez van de meg volt csak már ki mi aki ami mint még vagy be el én te ő
        ti ők hogyan miért hol kell lehet nagyon ha""",
    "vi": """và là của có không được cho một những các này đó khi trong với để người tôi bạn anh chị em
        chúng ta nhưng như thế nào gì ở đã sẽ cũng rất về từ vì sao làm""",
    "id": """yang dan di ke dari untuk dengan ini itu adalah tidak pada saya kamu anda kami kita mereka dia
        akan bisa ada juga karena atau bagaimana mengapa apa siapa sudah belum dalam oleh
        sebagai lebih tak orang cara bukan boleh awak hari saja""",
    "sw": """na ya wa kwa ni katika la za cha kuwa hii hiyo mimi wewe yeye sisi ninyi wao lakini au kama
        sana jinsi gani nini nani wapi kwamba hakuna leo je""",
    "tl": """ang ng sa mga na ay at ako ikaw siya kami tayo kayo sila hindi ito iyan iyon ko mo niya para
        kung paano bakit saan ano sino may mayroon lang din rin po ba""",
    "hr": """i u je na se da su za od s iz o kao što ne ali bio bila bilo biti ima nije kada koji koja koje
        kako zašto gdje sam si smo ste ja ti on ona mi vi oni ili vrlo""",
    "ca": """el la els les un una de del i en que és per amb no es més com però al ha seva seu aquest
        aquesta molt també quan són jo tu ell ella nosaltres què qui on perquè sí gràcies""",
}


@cache
def words_of_languages() -> Mapping[str, frozenset[str]]:
    """Words in lower case, by ISO 639-1 code."""
    return {language: frozenset(text.split()) for language, text in _WORDS.items()}


@cache
def languages_of_words() -> Mapping[str, tuple[str, ...]]:
    """The languages of each word."""
    found: dict[str, list[str]] = {}
    for language, words in words_of_languages().items():
        for word in words:
            found.setdefault(word, []).append(language)
    return {word: tuple(languages) for word, languages in found.items()}

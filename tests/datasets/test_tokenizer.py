import random
import unicodedata

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.datasets.tokenizer import MARK, Tokens, sentences, tokenize

# What random texts are put together from: characters, and pieces that the rules look for.
AWKWARD = [
    *"aZé9'’-–—.…,;:!?()[]\"“”«»&@#$%+/*_~=<>|^ \t\n\r\x00\x07\x1f\x7f",
    *("\u00a0", "\u00ad", "\u200b", "\u200d", "\u2028", "\ufeff", "\ufffd", "\uffff", "\u0301"),
    *("😀", "👍🏽", "𠀀", "\U0010ffff", "Ж", "東", "न", "ا", "½", "ß", "İ"),
    *(
        "n't",
        "'s",
        "U.S.",
        "Dr. ",
        "Inc.",
        "A&M",
        "https://",
        "www.",
        "a@b.co",
        ":-)",
        "3.5",
        ". A",
    ),
]
# A sequence cut short, bytes that begin none, a surrogate, an overlong form, one beyond the last.
NOT_UTF8 = [b"\xe2\x82", b"\xf0\x9f\x98", b"\xc3", b"\xff", b"\x80", b"\xed\xa0\x80", b"\xc0\x80"]
NOT_UTF8 += [b"\xf4\x90\x80\x80"]


def random_texts(count, seed=0, pieces=AWKWARD):
    generator = random.Random(seed)
    return [
        pieces[0][:0].join(generator.choices(pieces, k=generator.randrange(30)))
        for _ in range(count)
    ]


def rows(tokens):
    """The fields of each text, as lists: text, start, end, start_byte, end_byte, first."""
    return list(zip(*(field.to_list() for field in tokens), strict=True))


def tokens_of(text):
    return [token.decode() for token in tokenize(tf.constant([text])).text[0].numpy()]


def sentences_of(text, longest=0):
    found = sentences(tokenize(tf.constant([text]), longest)).to_list()
    return [" ".join(token.decode() for token in sentence) for sentence in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # clitics, with either apostrophe, in either case; only the last one of a word
        ("I don't think it's hers", "I do n't think it 's hers"),
        ("don’t it’s", "do n’t it ’s"),
        ("CAN'T WE'LL you've they'd I'm we're", "CA N'T WE 'LL you 've they 'd I 'm we 're"),
        ("rock'n'roll O'Neill o'clock", "rock'n'roll O'Neill o'clock"),
        # possessives
        ("O'Neill's dogs' bowls, Jess's", "O'Neill 's dogs ' bowls , Jess 's"),
        ("the 1990's", "the 1990 's"),
        # abbreviations of capitals, with their full stops
        ("in the U.S. on", "in the U.S. on"),
        ("U.S.A., U.N.", "U.S.A. , U.N."),
        # titles, months, companies, e.g.
        ("Dr. No met Mrs. May in St. John's", "Dr. No met Mrs. May in St. John 's"),
        ("Acme Inc. of Jan. 5, e.g. at 5 p.m. etc.", "Acme Inc. of Jan. 5 , e.g. at 5 p.m. etc."),
        # not within a word, not without its stop
        ("Modr. Dr No", "Modr . Dr No"),
        # initials, apart and together; but I is a word
        ("J. R. R. Tolkien, J.R.R. Tolkien", "J. R. R. Tolkien , J.R.R. Tolkien"),
        ("So did I.", "So did I ."),
        # numbers, times, fractions; a sign before one stands alone
        ("3,000.50 12:30pm 1/2 -5 90s 5th", "3,000.50 12:30pm 1/2 - 5 90s 5th"),
        ("It cost 10.", "It cost 10 ."),
        # money and percent
        ("$5.3m, €20 or £1,000.", "$ 5.3m , € 20 or £ 1,000 ."),
        ("50%", "50 %"),
        # web addresses, without what closes them
        ("see https://a.org/b?c=d. (www.x.com)", "see https://a.org/b?c=d . ( www.x.com )"),
        ("<HTTP://y.z/> example.com", "< HTTP://y.z/ > example.com"),
        # e-mail
        ("mail a.b+c@d-e.co.uk.", "mail a.b+c@d-e.co.uk ."),
        # handles and tags
        ("@user_1 #tag, #1 @ #", "@user_1 #tag , #1 @ #"),
        # hyphens within and without words
        ("well-known state-of-the-art -x-", "well-known state-of-the-art - x -"),
        # signs that join words
        ("A&M AT&T and/or R & D", "A&M AT&T and/or R & D"),
        # the end of one sentence against the next
        ("hello.World v2.0", "hello . World v2.0"),
        # ellipsis, repeated signs
        ("wait... what.. no…", "wait ... what .. no …"),
        ("!!! ?! ** ~~ ==", "!!! ?! ** ~~ =="),
        # emoticons; a colon before other text is none
        ("hi :) ;-) :D :-( :P :/", "hi :) ;-) :D :-( :P :/"),
        ("note: Do", "note : Do"),
        # quotation marks
        ('“Hi,” ‘yes’ "x" «y»', '“ Hi , ” ‘ yes ’ " x " « y »'),
        # dashes
        ("a — b—c--d–e", "a — b — c -- d – e"),
        # other scripts: words where there are spaces, otherwise runs of letters
        ("Москва и Київ.", "Москва и Київ ."),
        ("नमस्ते दुनिया, مرحبا", "नमस्ते दुनिया , مرحبا"),
        ("東京に。大阪", "東京に 。 大阪"),
        # emoji, in the first plane and beyond; ideographs beyond it are letters
        ("hi😀👍🏽 ok☺", "hi 😀 👍 🏽 ok ☺"),
        ("𠀀𠀁 x", "𠀀𠀁 x"),
        # combining marks and soft hyphens stay in their word
        ("e\u0301tude Zoe\u0308", "e\u0301tude Zoe\u0308"),
        ("co\u00adoperate", "co\u00adoperate"),
        # NUL and other control characters part words, as white space does
        ("a\0b \x07c\x7fd", "a b c d"),
        ("\ufeffHello\u200bthere\u00a0you", "Hello there you"),
        # the character that marks cuts within the graph, in the text itself
        (f"a{MARK}b {MARK} it{MARK}'s{MARK}{MARK}", "a b it ' s"),
        # nothing
        ("", ""),
        (" \t\r\n\u00a0\u2028\0", ""),
    ],
)
def test_tokens(text, expected):
    assert tokens_of(text) == expected.split()


def test_bytes_that_are_no_text_are_signs():
    tokens = tokenize(tf.constant([b"a \xff b\xf0\x9f\x98c \xc3"]))
    assert b" ".join(tokens.text[0].numpy()).decode() == "a \ufffd b \ufffd c \ufffd"
    assert tokens.start_byte[0].numpy().tolist() == [0, 2, 4, 5, 8, 10]
    assert tokens.end_byte[0].numpy().tolist() == [1, 3, 5, 8, 9, 11]


def left_out(character):
    """White space and control characters, and code points that are no characters."""
    return character.isspace() or unicodedata.category(character)[0] in "CZ"


def test_places_cut_the_tokens_out_of_the_text():
    texts = random_texts(500)
    for text, row in zip(texts, rows(tokenize(tf.constant(texts))), strict=True):
        place = 0
        for token, start, end, start_byte, end_byte, _ in zip(*row, strict=True):
            assert place <= start < end
            assert text[start:end] == token.decode()
            assert text.encode()[start_byte:end_byte] == token
            assert not any(character.isspace() for character in token.decode())
            assert all(map(left_out, text[place:start]))
            place = end
        assert all(map(left_out, text[place:]))


def test_places_in_bytes_that_are_not_utf8():
    texts = random_texts(300, 1, [piece.encode() for piece in AWKWARD] + 5 * NOT_UTF8)
    places, cuts, outside = [], [], []
    for text, row in zip(texts, rows(tokenize(tf.constant(texts))), strict=True):
        place = 0
        for token, start, end, start_byte, end_byte, _ in zip(*row, strict=True):
            assert place <= start_byte < end_byte
            assert end - start == len(token.decode())
            places.append(token)
            cuts.append(text[start_byte:end_byte])
            outside.append(text[place:start_byte])
            place = end_byte
        outside.append(text[place:])
    # TensorFlow's own reading of the bytes cut out: each bad sequence becomes U+FFFD
    assert tf.strings.unicode_transcode(cuts, "UTF-8", "UTF-8").numpy().tolist() == places
    assert all(map(left_out, b"".join(outside).decode()))


def same(one, other):
    return all(x.to_list() == y.to_list() for x, y in zip(one, other, strict=True))


def test_a_batch_gives_what_each_text_gives_alone():
    # the third opens where the second ends, with what could close the second's sentence
    texts = ["", "Hi.", '   " He', "He said no. She left.", " ", *random_texts(30, 2), ""]
    together = rows(tokenize(tf.constant(texts), longest=4))
    assert together == [rows(tokenize(tf.constant([text]), longest=4))[0] for text in texts]


def test_no_texts():
    for count in (0, 3):
        tokens = tokenize(tf.constant([""] * count, tf.string))
        assert [field.to_list() for field in tokens] == [[[]] * count] * len(tokens)
        assert sentences(tokens).to_list() == []


def test_eager_is_graph_is_reloaded(tmp_path):
    module = tf.Module()
    module.tokens = tf.function(
        lambda texts: tokenize(texts, longest=4)._asdict(),
        input_signature=[tf.TensorSpec([None], tf.string)],
    )
    tf.saved_model.save(module, str(tmp_path))
    reloaded = tf.saved_model.load(str(tmp_path))
    everything = [text.encode() for text in random_texts(100, 3)] + NOT_UTF8
    for texts in (everything, [""], []):
        batch = tf.constant(texts, tf.string)
        eager = tokenize(batch, longest=4)
        assert same(eager, Tokens(**module.tokens(batch)))
        assert same(eager, Tokens(**reloaded.tokens(batch)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # a full stop, then a capital or a digit; not a small letter
        ("He left. She came. and so on. 5 men.", "He left .|She came . and so on .|5 men ."),
        ("What?! No! Yes… Well... maybe", "What ?!|No !|Yes …|Well ... maybe"),
        # short forms that end none, and those that may
        ("Dr. No met Mr. T. on Jan. 5 Then", "Dr. No met Mr. T. on Jan. 5 Then"),
        ("J. K. Rowling. Next", "J. K. Rowling .|Next"),
        ("Acme Inc. He paid etc. and more", "Acme Inc.|He paid etc. and more"),
        ("at 5 p.m. She, in the U.S. Army", "at 5 p.m.|She , in the U.S. Army"),
        # quotation marks and brackets belong to the sentence that they close or open
        ('He said "no." Then', 'He said " no . "|Then'),
        ("(He left.) She came.", "( He left . )|She came ."),
        ('"Go (now.)" "Why?" She', '" Go ( now . ) "|" Why ? "|She'),
        ("«Oui.» “Non.” Il", "« Oui . »|“ Non . ”|Il"),
        ('"Stop!" he cried.', '" Stop ! " he cried .'),
        ("End. (Yes. [No. 'Oh.", "End .|( Yes .|[ No .|' Oh ."),
        # handles and addresses open one
        ("Ok. @you said. https://a.b is", "Ok .|@you said .|https://a.b is"),
        # nothing without space behind the stop
        ("He left.She came", "He left . She came"),
        # a line break ends one, blank lines make none
        ("one\ntwo\r\nthree\u2028four\u2029five", "one|two|three|four|five"),
        ("\n\none\n \n two\n", "one|two"),
    ],
)
def test_sentences(text, expected):
    assert "|".join(sentences_of(text)) == expected


def test_every_text_opens_a_sentence():
    tokens = tokenize(tf.constant(["one", "", "two three", "Four. Five"]))
    assert tokens.first.to_list() == [[True], [], [True, False], [True, False, True]]
    assert sentences(tokens).to_list() == [[b"one"], [b"two", b"three"], [b"Four", b"."], [b"Five"]]


def test_longest_cuts_each_sentence_and_nothing_else():
    texts = random_texts(100, 4)
    whole, cut = (tokenize(tf.constant(texts), longest) for longest in (0, 4))
    assert same(whole[:-1], cut[:-1])
    heads = np.flatnonzero(whole.first.flat_values)
    ends = [*heads[1:], len(whole.first.flat_values)]
    expected = [i for head, end in zip(heads, ends, strict=True) for i in range(head, end, 4)]
    assert np.flatnonzero(cut.first.flat_values).tolist() == expected
    assert len(expected) > len(heads)


def test_five_thousand_words_without_a_stop_lose_nothing():
    words = [f"word{i}" for i in range(5000)]
    assert sentences_of(" ".join(words)) == [" ".join(words)]
    cut = sentences_of(" ".join(words), longest=120)
    assert " ".join(cut).split() == words
    assert [len(part.split()) for part in cut] == 41 * [120] + [80]

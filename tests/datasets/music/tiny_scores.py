"""Tiny scores, written by the tests themselves."""

import io
import zipfile

STEPS = {0: "C", 2: "D", 4: "E", 5: "F", 7: "G", 9: "A", 11: "B"}
NAMES = ("Soprano", "Alto", "Tenor", "Bass")


def note(pitch, beats, inside="", chord=False, voice=None, staff=None):
    """A note or, with pitch None, a rest; a beat has 24 divisions, `inside` goes into it."""
    tone = "<rest/>" if pitch is None else pitch_xml(pitch)
    return (
        f"<note>{'<chord/>' if chord else ''}{tone}<duration>{round(24 * beats)}</duration>"
        f"{inside}{f'<voice>{voice}</voice>' if voice else ''}"
        f"{f'<staff>{staff}</staff>' if staff else ''}</note>"
    )


def grace(pitch):
    return f"<note><grace/>{pitch_xml(pitch)}</note>"


def pitch_xml(pitch):
    octave, tone = divmod(pitch, 12)
    alter = 0 if tone in STEPS else 1
    return (
        f"<pitch><step>{STEPS[tone - alter]}</step><alter>{alter}</alter>"
        f"<octave>{octave - 1}</octave></pitch>"
    )


def tie(*kinds):
    return "".join(f'<tie type="{kind}"/>' for kind in kinds)


def bar(*notes, metre=None, more=""):
    attributes = "<divisions>24</divisions>"
    if metre:
        attributes += f"<time><beats>{metre[0]}</beats><beat-type>{metre[1]}</beat-type></time>"
    return f"<measure><attributes>{attributes}{more}</attributes>{''.join(notes)}</measure>"


def score(**parts):
    """A MusicXML score: the bars of each part by its name, where _ stands for a blank."""
    listed = "".join(
        f'<score-part id="P{n}"><part-name>{name.replace("_", " ")}</part-name></score-part>'
        for n, name in enumerate(parts)
    )
    bodies = "".join(
        f'<part id="P{n}">'
        + "".join(b.replace("<measure>", f'<measure number="{i}">') for i, b in enumerate(bars))
        + "</part>"
        for n, bars in enumerate(parts.values())
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 3.1 Partwise//EN"'
        ' "http://localhost:9/partwise.dtd">'
        f'<score-partwise version="3.1"><part-list>{listed}</part-list>{bodies}</score-partwise>'
    )


def chorale(*extra):
    """Four voices of one bar of 4/4: C major, and a tie in the bass; `extra` parts before."""
    parts = {name: [bar(note(60, 4), metre=(4, 4))] for name in extra}
    for name, pitch in zip(NAMES, (72, 67, 64), strict=False):
        parts[name] = [bar(note(pitch, 2), note(pitch, 2), metre=(4, 4))]
    bass = (note(48, 2, tie("start")), note(48, 2, tie("stop")))
    return score(**parts, Bass=[bar(*bass, metre=(4, 4))])


def mxl(xml, name="score.xml", container=True, first=()):
    """A packed score; `first` are members (name, content) that come before it."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in first:
            archive.writestr(member, content)
        if container:
            archive.writestr(
                "META-INF/container.xml",
                f'<container><rootfiles><rootfile full-path="{name}"/></rootfiles></container>',
            )
        archive.writestr(name, xml)
    return data.getvalue()

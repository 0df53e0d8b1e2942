"""What fills the slots of a frame: names and nouns, made up or plain, none of praise or blame."""

import random
from collections.abc import Iterable


def _list(text: str) -> tuple[str, ...]:
    return tuple(" ".join(item.split()) for item in text.split(","))


LISTS = {
    "film": _list("""
        Harbour Street, The Ninth Lamp, Paper Boats, Seven Bridges, The Ferryman's Nephew, Salt
        Road, Orchard Lane, The Clockmaker's Key, North by Tuesday, The Glass Valley, Winter
        Timetable, Two Rivers, The Cartographer, Blue Kilometre, The House on Tern Hill, Platform
        Eleven, The Weaver's Map, Copper Moon, A Room in October, The Signalman's Daughter, Low
        Tide Letters, Tin Parade, The Astronomer's Cat, Quarry Songs, The Long Meadow, Station
        Five, Marble and Rain, The Beekeeper's Year, Lantern Bay, Ash and Linen, The Yellow Ferry,
        Night Shift at Pier Nine, Cobalt Drive, The Tailor of Venn Street, Sparrow Season,
        Interval on Fifth, The Third Postcard, Granite Coast, The Piano Tuner's Van, Wednesday's
        Train, Echo Lake, The Map Room, Juniper Falls, Half a Mile, The Harvest Ledger, Cedar and
        Smoke, Parallel Streets, The Kite Makers, Northern Line South, Ember Island, The Silver
        Thermos, Mainland Ferry, The Oarsman, Chalk Circle Road, Cinder Hill, Forty Windows, The
        Botanist, Pebble Beach Radio, The Upstairs Tenant, Compass Bay, Amber Hours, The Bridge
        Keeper, Roadside Opera, Tundra Post
    """),
    "book": _list("""
        The Almanac Keeper, A Garden of Maps, River Without Maps, The Inkwell Sisters, Twelve
        Doors, The Lighthouse Ledger, Letters to Elm Street, The Salt Merchant, Under the Plane
        Trees, The Bookbinder's Son, An Inventory of Snow, The Wax Tablet, Notes from Platform
        Two, The Orchard Census, Between the Weirs, The Cooper's Apprentice, Field Guide to
        Fences, A Year of Tuesdays, The Hazel Wood, Cities of Thread, The Mill at Corran, Ten
        Thousand Stairs, The Violet Notebook, The Geography of Soup, Harvest Moon Lane, The
        Postmaster's Atlas, Small Hours on Gull Island, The Tidewater Papers, A Handful of Keys,
        The Winter Inventory, Magnetic North Street, The Stonemason's Ladder, Blue Enamel, The
        Tenth Cousin, Rain Gauge, The Linen Cupboard, A Map of the Attic, The Ropewalk, Eleven
        Winters, The Barley Field, The Archivist of Moss, Kettle and Compass, The Wren House,
        Latitude Fifty, The Ferry Timetable, An Hour in Lisle Street, The Tinsmith, Parish of
        Foxes, The Walnut Desk, Sea Level, A Window on Canal Row, The Loom Room, Sixteen Lanterns,
        The Heron Diaries, The Weighing House, Chapter House, The Quiet Index, Pavement and Fern,
        The Cloud Register, Three Miles of Hedge, The Toll Bridge, Marginalia, The Sugar
        Warehouse, The Allotment Year
    """),
    "author": _list("""
        Odile Fennimarsh, Tobin Werrick, Hanne Quistgard, Rufus Ellerbank, Maren Tolvas, Ines
        Cardovar, Piers Wolvenden, Asta Brekkeland, Dorian Maltravis, Yusra Kelmandi, Colm
        Rathbarry, Vida Ostrell, Lorcan Tremaddy, Signe Halvik, Bertil Onslade, Noor Safrani,
        Elspeth Garrowby, Anselm Duvrick, Thea Marlowick, Ivo Petrescan, Greta Sundmarsh, Kofi
        Adomansa, Rosalba Ventrini, Jarek Wolinda, Merle Ashgrave, Tamsin Orrelby, Hugo
        Lindenvold, Perpetua Nash-Orley, Emeka Obiandu, Saskia Vandermole, Florian Estwick, Linnea
        Corvander, Bram Oosterlaan, Philippa Dunmarrow, Cosmo Tregarne, Mirela Dascovan, Ottoline
        Frayne-Webber, Ruben Calderosa, Wanda Prismark, Edmund Skelbourne, Zora Lindqvale, Niall
        Carrowhane
    """),
    "actor": _list("""
        Delphine Arkwood, Marlon Tessivant, Ingrid Solmark, Casper Vellacourt, Nadia Rostovar,
        Leopold Hanwick, Fenella Dray-Morton, Idris Qualmar, Beatrix Lowendahl, Santiago
        Revueltas-Mor, Oona Fairweald, Gideon Parrish-Cole, Amara Nwosuku, Lucian Thornevale,
        Petra Kovalinsky, Dashiell Rourkeby, Mina Takemori-Hale, Percival Stroudley, Coralie
        Bonnevaux, Anders Nykvold, Jolene Whitmarch, Rafe Cullinder, Soraya Behrami, Thaddeus
        Orme-Lacey, Willa Kestrelby, Emil Janovar, Xenia Palamidas, Barnaby Holcrest, Lotte
        Amundvik, Desmond Okorafi, Clementine Rushmoor, Viggo Sternhall, Paloma Iturrande, Hector
        Lambourn-Pye, Freya Dalgleton, Tariq Mansouravi, Imogen Thistlewick, Orson Blakenrow,
        Salome Vartanelli, Quentin Abberdale, Maeve Donnegal, Ludo Fairbrass-Till
    """),
    "dish": _list("""
        lasagna, risotto, goulash, moussaka, ramen, biryani, minestrone, ratatouille, couscous,
        pho, gumbo, jambalaya, polenta, borscht, cassoulet, carbonara, tiramisu, cheesecake,
        kedgeree, shepherd's pie, fish pie, onion soup, tomato soup, mushroom stroganoff, chicken
        korma, dhal, pumpkin soup, beef stew, lamb tagine, pork belly, roast chicken, potato
        salad, seafood linguine, vegetable curry, fried rice, pea soup, apple crumble, rice
        pudding, bread pudding, trifle, quiche, omelette, schnitzel, laksa, chilli, gnocchi
    """),
    "place": _list("""
        Copper Ladle, Bramble and Oak, Casa Violeta, Trattoria Fenice, Saffron Yard, Blue Anchor
        Kitchen, Tamarind Lane, Chez Odette, Nettle and Rye, Juniper Table, Lantern House, Noodle
        Yard, Olive Court, Mill Pond Café, Papaya Corner, Rosemary's, Little Marrakesh, Station
        Grill, Pepper Alley, Fennel Court, Three Kettles, Plum Tree, Garden Gate, Cinnamon Square,
        Harbour Hatch, Red Barn, Bay Leaf House, Corner Oven, Taverna Ilios, Fig and Thyme,
        Quayside Kitchen, Bistro Marceline, Walnut Room, Dumpling Row, Tin Whistle, Mango Terrace,
        Kiln Street Canteen, Sesame Bridge, Old Bakehouse, Cantina Paloma, Marrow Street, Paprika
        Yard
    """),
    "hotel": _list("""
        Hotel Marenda, Larkspur Hotel, Tern Bay Hotel, Hotel Belcourt, Old Mill Inn, Cedar Lodge,
        Hotel Aurelio, Ferry Lane Hotel, Kestrel Lodge, Hotel Vistamar, Millrace Inn, Hotel
        Lindenhof, Abbey Court Hotel, Hotel Sorrano, Pinewater Lodge, Quayle House Hotel, Hotel
        Petronella, Wharf Street Inn, Hotel Calanda, Juniper Lodge, Station Square Hotel, Hotel
        Ostrava Park, Fernhill Inn, Hotel Ravello Mar, Heron Court Hotel, Harrow Gate Inn, Hotel
        Miradela, Stonebridge Lodge, Hotel Kaspian, Elder Tree Inn, Hotel Montebruno, Lakeside
        Court Hotel, Hotel Zephyrine, Saddlers Inn, Hotel Norrvik, Orchard Park Hotel, Hotel
        Tavolara, Thistle Lodge, Hotel Adrianna, Chandlers Court Hotel, Hotel Esterhof, Pavilion
        Lane Hotel
    """),
    "city": _list("""
        Lisbon, Leeds, Toronto, Hamburg, Kyoto, Bristol, Valencia, Oslo, Denver, Cork, Prague,
        Adelaide, Turin, Ghent, Boston, Cardiff, Krakow, Malmo, Seville, Dublin, Auckland, Lyon,
        Athens, Chicago, Glasgow, Vienna, Porto, Seattle, Nairobi, Tallinn, Montreal, Utrecht,
        Galway, Bologna, Brisbane, Exeter, Zagreb, Austin, Bergen, Basel, Norwich, Perth, Izmir,
        Lima
    """),
    "gadget": _list("""
        kettle, toaster, blender, vacuum cleaner, fan heater, desk lamp, alarm clock, coffee
        grinder, rice cooker, hand mixer, food processor, air fryer, electric shaver, hair dryer,
        iron, printer, scanner, keyboard, tablet, e-reader, smartwatch, camera, tripod, projector,
        radio, speaker, turntable, microphone, webcam, router, power bank, doorbell, thermostat,
        dehumidifier, lawnmower, hedge trimmer, leaf blower, cordless drill, jigsaw, sewing
        machine, slow cooker, juicer, waffle maker, torch, bike light, dash cam, monitor, electric
        toothbrush
    """),
    "gadgets": _list("""
        headphones, earbuds, speakers, binoculars, scales, clippers, shears, walkie-talkies,
        kitchen scales, hair straighteners, bike lights, floor lamps, storm lanterns, fairy
        lights, solar lights, bookshelf speakers, hand warmers, knife sharpeners, smoke alarms,
        light bulbs, power banks, radiator valves, window blinds, ice packs, wall clocks, storage
        boxes, tool boxes, water bottles, saucepans, oven gloves, roller skates, hiking poles, ski
        goggles, work boots, garden chairs, bar stools, bed slats, pillows, curtain rails, garden
        hoses
    """),
    "brand": _list("""
        Nordvale, Kestrix, Brimello, Tavoro, Quillon, Ostervik, Halvetta, Lumarca, Pellindo,
        Zentrik, Corvanta, Fennimax, Galdora, Hexoria, Ilvane, Jorvanti, Kalmiso, Lindqor,
        Mirvane, Novelka, Orbenna, Plinthos, Quorvex, Rastello, Solvenna, Trindex, Ulvano,
        Vantorix, Welkora, Xandello, Yarrovia, Zelmont, Ardovan, Bexolin, Cindrell, Dovetti,
        Elmarix, Frondal, Grevano, Hollinex, Kobrano, Tessaril
    """),
    "person": _list("""
        Anna, Ben, Carla, Dan, Eva, Finn, Gail, Harry, Isla, Jack, Karim, Lena, Marco, Nina, Omar,
        Paula, Rob, Sara, Theo, Uma, Victor, Wendy, Yasmin, Zoe, Alan, Bella, Chris, Dora, Eddie,
        Fatima, George, Helen, Ivan, Julia, Kate, Liam, Maya, Neil, Priya, Ruth, Sam, Tina, Alex,
        Robin
    """),
    "month": _list("""
        January, February, March, April, May, June, July, August, September, October, November,
        December
    """),
    "digits": tuple(str(number) for number in range(2, 41)),
    "number": (
        *(str(number) for number in range(2, 41)),
        *_list("two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, fifteen"),
        *_list("twenty, thirty, forty"),
    ),
}


class Fillers:
    """Deals the fillers of each list like cards, from a pack for each label.

    A pack is dealt to its end before it is shuffled anew, so that every filler comes as often with
    one label as with the other, and tells nothing.
    """

    def __init__(self, seed: str) -> None:
        self._generator = random.Random(seed)
        self._packs: dict[tuple[str, str], list[str]] = {}

    def random(self) -> float:
        """A number in [0, 1)."""
        return self._generator.random()

    def shuffled(self, items: Iterable[str]) -> list[str]:
        """The same in another order; by `random` alone, which no version of Python changes."""
        return sorted(items, key=lambda _: self.random())

    def draw(self, label: str, name: str, used: set[str]) -> str:
        """The next of the list `name` for texts of this label that is not in `used` yet."""
        if name not in LISTS:
            raise ValueError(f"a frame has the unknown slot {{{name}}}")
        pack = self._packs.setdefault((label, name), [])
        if used.issuperset(pack):
            pack[:0] = self.shuffled(LISTS[name])
        filler = next(card for card in reversed(pack) if card not in used)
        pack.remove(filler)
        used.add(filler)
        return filler

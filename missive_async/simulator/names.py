"""Words of which the made-up persons, subjects and bodies are put together."""

_FIRST = """Ada Aino Alma Amir Anouk Anton Arlo Asha Astrid Bea Bram Cato Celia Chidi Clara Dario Delia Edda Elif Elio
    Emre Enzo Esme Fadi Farah Femi Finn Flora Gita Greta Hana Hugo Ibrahim Ida Ilse Imani Ines Ivo Jonas Jules Kaia
    Kofi Lars Leila Lena Linus Liv Luca Maeve Malik Mara Marek Mina Naomi Nils Noor Odile Omar Otto Pavel Petra Priya
    Quinn Rafael Rania Remy Rhea Ruben Runa Sana Selma Signe Silas Sofia Tariq Tess Theo Tove Uma Viggo Wanda Willem
    Xenia Yara Yusuf Zadie Zeno Zoe Žofie"""
_LAST = """Abara Achterberg Adeyemi Almqvist Amari Andersen Baptiste Beaumont Bergström Bianchi Borg Castellan Cavell
    Chandra Corvin Dahl Dubrava Eklund Elster Falk Farrow Fenwick Galanis Garrow Grell Haddad Halloran Hawthorne Hellman
    Ibarra Idris Iversen Jansen Jovanović Kaplan Keita Kilbride Kowal Krüger Lachance Lindqvist Lorne Maduro Marchetti
    Marsh Moor Mwangi Nakamura Nash Norling Novak Okafor Oduya Okonjo Ostrander Palmgren Pereira Quist Rasmussen Reed
    Rousseau Sandoval Sato Sedlak Silva Stark Sundberg Tanaka Thorne Tiller Udall Vale Vance Varga Vasquez Verhoeven
    Wahl Weaver Winther Yilmaz Zeller Zhou Zima Östberg"""
FIRST = tuple(_FIRST.split())
LAST = tuple(_LAST.split())
FIRMS = (
    "Alder & Finch",
    "Blue Lantern Books",
    "Copperfield Tiles",
    "Dovetail Joinery",
    "Eastgate Dental",
    "Fernhill School",
    "Granary Bakery",
    "Harbour Lights Hotel",
    "Ironwood Cycles",
    "Juniper Clinic",
    "Kestrel Logistics",
    "Larkspur Florists",
    "Millrace Brewing",
    "Northbank Theatre",
    "Orchard Lane Vets",
    "Pinecone Toys",
)
GROUPS = ("VIPs", "Newsletter", "Beta testers", "Suppliers", "Press", "Do not call", "Résellers", "Alumni")
CITIES = ("Lisbon", "Tartu", "Ghent", "Québec", "Nairobi", "Aarhus", "Cork", "Graz")
SUBJECTS = (
    "Invoice {n} does not match the order",
    "Delivery of order {n} to the wrong door",
    "Question about the spring catalogue",
    "Can we move Thursday's call?",
    "Refund for order {n}",
    "Your offer no. {n}",
    "Change of address",
    "Login loops on the tablet",
    "Renewal of our plan for next year",
    "Photos for the brochure",
    "Lost parcel {n}",
    "Interview on Friday",
    "Draft of the contract, second round",
    "Noise from the fan in unit {n}",
    "Thank you, and one more thing",
    "Booking for twelve people",
    "API key for the test account",
    "Meeting notes {n}",
    "Broken link in the newsletter",
    "Warranty of serial {n}",
    "Übergabe der Schlüssel",
    "Réunion de lundi",
)
SENTENCES = (
    "I had a look at the file that you sent, and the second table does not add up.",
    "Could you tell me when the parcel is going to leave the warehouse?",
    "We are very happy with the last delivery, by the way.",
    "The error appears only when I am logged in on two devices.",
    "Please find the signed copy attached.",
    "I am out of the office until Monday; my colleague knows about this.",
    "If it is easier for you, call me in the afternoon.",
    "Nothing urgent, but I would like to close this before the end of the month.",
    "The amount was charged twice to the same card.",
    "Let me know which of the three colours is still in stock.",
    "I have asked the carrier, and they say that it was left with a neighbour.",
    "That solved it. Thank you!",
    "We would need eleven of them, delivered in two parts.",
    "The link in your last mail leads to an empty page.",
    "Sorry for the late answer, it was a full week.",
    "Does the discount still apply when we order for both branches?",
)
SMS = (
    "On my way 🚲",
    "Running 10 min late, sorry",
    "Is the door code still the same?",
    "Got it, thanks!",
    "Your table is ready.",
    "Can you call me back?",
    "Yes, 4 pm works",
    "Please bring the spare key",
)
COMMENTS = (
    "I take this one.",
    "{mention} could you check the price list?",
    "Waiting for the carrier, will ask again tomorrow.",
    "Same customer as last month, see the label.",
    "{mention} done, please have a look before it goes out.",
    "Called them; they prefer mail.",
    "Looks like a duplicate to me.",
)
FILES = (
    ("photo.jpg", "image", "jpeg", 1600, 1200),
    ("logo.png", "image", "png", 320, 320),
    ("contract.pdf", "application", "pdf", None, None),
    ("order-list.csv", "text", "csv", None, None),
    ("README.md", "text", "plain", None, None),
    ("floor plan (2).pdf", "application", "pdf", None, None),
)

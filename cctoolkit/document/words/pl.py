"""Polish."""

WORDS = {
    "page.title": "{title}: raport",
    "page.client": "Klient",
    "page.period": "Okres",
    "page.time_zone": "Strefa czasowa",
    "page.releases": "Wydania",
    "page.made": "Sporządzono",
    "page.none": "brak",
    "head.figures": "Poziom obsługi i oczekiwanie",
    "head.outcomes": "Jak zakończyły się połączenia",
    "head.by_queue": "Według kolejek",
    "head.calls": "Połączenia",
    "head.formulas": "Jak obliczono wskaźniki",
    "card.all": "Wszystkie połączenia",
    "card.target": "cel {ratio} w {seconds}",
    "card.no_target": "nie ustalono celu",
    "card.no_calls": "brak połączeń",
    "card.offered": "wpłynęło: {count}",
    "card.longest": "najdłuższe: {seconds}",
    "state.met": "cel osiągnięty",
    "state.missed": "poniżej celu",
    "chart.service_level": "Poziom obsługi według kolejek",
    "chart.service_level.note": "Pasek: udział odebranych na czas. Kreska w poprzek: cel kolejki.",
    "chart.average_wait": "Średnie oczekiwanie według kolejek",
    "chart.average_wait.note": "Sposób liczenia: {formula}.",
    "column.outcome": "Wynik",
    "column.calls": "Połączenia",
    "column.share": "Udział",
    "column.queue": "Kolejka",
    "column.offered": "Wpłynęło",
    "column.total": "Razem",
    "column.time": "Czas",
    "column.number": "Wybrany numer",
    "column.caller": "Dzwoniący",
    "column.steps": "Kroki",
    "column.wait": "Oczekiwanie",
    "column.talk": "Rozmowa",
    "column.wrap_up": "Po rozmowie",
    "caller.withheld": "zastrzeżony",
    "metric.service_level": "Poziom obsługi",
    "metric.average_wait": "Średnie oczekiwanie",
    "outcome.answered": "Odebrane",
    "outcome.abandoned": "Porzucone",
    "outcome.timeout": "Upłynął czas oczekiwania",
    "outcome.full": "Kolejka pełna",
    "outcome.no_agents": "Brak konsultantów",
    "outcome.exit_key": "Wyjście klawiszem",
    "outcome.continued": "Odebrane i kontynuowane",
    "outcome.withdrawn": "Wycofane z kolejki",
    "outcome.ended_in_flow": "Zakończone w menu lub komunikatem",
    "outcome.unfinished": "Końca nie odnotowano",
    "formula.service_level.default": (
        "odebrane w czasie docelowym ÷ (odebrane + porzucone, bez krótkich porzuceń)"
    ),
    "formula.service_level.of_offered": "odebrane w czasie docelowym ÷ (odebrane + porzucone)",
    "formula.service_level.of_answered": "odebrane w czasie docelowym ÷ odebrane",
    "formula.service_level.late_abandons": (
        "odebrane w czasie docelowym ÷ (odebrane + porzucone po czasie docelowym)"
    ),
    "formula.service_level.abandon_in_time": (
        "(odebrane + porzucone, jedne i drugie w czasie docelowym) ÷ (odebrane + porzucone)"
    ),
    "formula.average_wait.answered": "czas oczekiwania odebranych połączeń ÷ ich liczba",
    "formula.average_wait.all": "czas oczekiwania wszystkich, którzy opuścili kolejkę ÷ ich liczba",
    "formula.average_wait.abandoned": "czas oczekiwania porzuconych połączeń ÷ ich liczba",
    "note.boundary": "Oczekiwanie równe czasowi docelowemu mieści się w celu.",
    "note.short": "Krótkie porzucenia (dzwoniący zrezygnował wcześniej niż po {seconds}): {count}.",
    "note.unit": (
        "Wiersz kolejki liczy wejścia do tej kolejki: połączenie, które przeszło dwie kolejki, jest w obu. "
        "„Wszystkie połączenia” liczą każde połączenie raz: "
        "jego oczekiwanie to suma oczekiwań, a cel to cel pierwszej kolejki."
    ),
    "note.test": "Połączenia testowe nie wchodzą do żadnego wskaźnika.",
    "note.near.none": "Żadne połączenie nie leży tak blisko celu, by rozstrzygała dokładność pomiaru.",
    "note.near.some": (
        "Połączenia tak bliskie celu, że rozstrzyga dokładność pomiaru: {count}. "
        "O tyle może się różnić liczba odebranych na czas."
    ),
    "note.many": "Listę pominięto: połączeń {count}, więcej niż {limit}.",
    "note.masked": "Z numeru dzwoniącego pokazano cztery ostatnie cyfry.",
}

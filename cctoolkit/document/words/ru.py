"""Russian."""

WORDS = {
    "page.title": "{title}: отчёт",
    "page.client": "Заказчик",
    "page.period": "Период",
    "page.time_zone": "Часовой пояс",
    "page.releases": "Релизы",
    "page.made": "Составлен",
    "page.none": "нет",
    "head.figures": "Уровень обслуживания и ожидание",
    "head.outcomes": "Чем завершились звонки",
    "head.by_queue": "По очередям",
    "head.calls": "Звонки",
    "head.formulas": "Как посчитаны показатели",
    "card.all": "Все звонки",
    "card.target": "цель {ratio} за {seconds}",
    "card.no_target": "цель не задана",
    "card.no_calls": "нет звонков",
    "card.offered": "поступило: {count}",
    "card.longest": "самое долгое: {seconds}",
    "state.met": "цель достигнута",
    "state.missed": "ниже цели",
    "chart.service_level": "Уровень обслуживания по очередям",
    "chart.service_level.note": "Полоса — доля принятых вовремя. Черта поперёк неё — цель очереди.",
    "chart.average_wait": "Среднее ожидание по очередям",
    "chart.average_wait.note": "Как считается: {formula}.",
    "column.outcome": "Исход",
    "column.calls": "Звонки",
    "column.share": "Доля",
    "column.queue": "Очередь",
    "column.offered": "Поступило",
    "column.total": "Итого",
    "column.time": "Время",
    "column.number": "Набранный номер",
    "column.caller": "Абонент",
    "column.steps": "Шаги",
    "column.wait": "Ожидание",
    "column.talk": "Разговор",
    "column.wrap_up": "Пост\N{SOFT HYPHEN}обработка",
    "caller.withheld": "скрыт",
    "metric.service_level": "Уровень обслуживания",
    "metric.average_wait": "Среднее ожидание",
    "outcome.answered": "Принят оператором",
    "outcome.abandoned": "Не дождался ответа",
    "outcome.timeout": "Истекло время ожидания",
    "outcome.full": "Очередь заполнена",
    "outcome.no_agents": "Нет операторов",
    "outcome.exit_key": "Вышел по клавише",
    "outcome.continued": "Принят и продолжен",
    "outcome.withdrawn": "Снят с очереди",
    "outcome.ended_in_flow": "Завершён в меню или сообщением",
    "outcome.unfinished": "Окончание не зафиксировано",
    "formula.service_level.default": (
        "принятые в пределах цели ÷ (принятые + не дождавшиеся, без коротких отказов)"
    ),
    "formula.service_level.of_offered": "принятые в пределах цели ÷ (принятые + не дождавшиеся)",
    "formula.service_level.of_answered": "принятые в пределах цели ÷ принятые",
    "formula.service_level.late_abandons": (
        "принятые в пределах цели ÷ (принятые + не дождавшиеся сверх целевого времени)"
    ),
    "formula.service_level.abandon_in_time": (
        "(принятые + не дождавшиеся, те и другие в пределах цели) ÷ (принятые + не дождавшиеся)"
    ),
    "formula.average_wait.answered": "время ожидания принятых звонков ÷ число принятых",
    "formula.average_wait.all": "время ожидания всех, кто покинул очередь ÷ их число",
    "formula.average_wait.abandoned": "время ожидания не дождавшихся ÷ их число",
    "note.boundary": "Ожидание, равное целевому времени, считается уложившимся в цель.",
    "note.short": "Короткие отказы (абонент ушёл раньше чем через {seconds}): {count}.",
    "note.unit": (
        "В строке очереди считаются посещения этой очереди: звонок, прошедший две очереди, есть в обеих. "
        "«Все звонки» считает каждый звонок один раз: "
        "его ожидание — сумма ожиданий, цель — цель первой очереди."
    ),
    "note.test": "Тестовые звонки не входят ни в один показатель.",
    "note.near.none": "Нет звонков, которые стоят к цели ближе точности измерения.",
    "note.near.some": (
        "Звонков, стоящих к цели ближе точности измерения: {count}. "
        "На столько может отличаться число принятых вовремя."
    ),
    "note.many": "Список не приводится: звонков {count}, больше {limit}.",
    "note.masked": "От номера абонента показаны последние четыре цифры.",
}

"""One whole project and one whole site, section by section: what the schemas show as their examples.

Together they validate; the steps' own examples fit them.
"""

from typing import Any

_PROJECT: dict[str, Any] = {
    "project": {
        "id": "northwind-hotline",
        "title": "Горячая линия «Северный ветер»",
        "client": "ООО «Северный ветер»",
        "language": "ru",
        "time_zone": "Europe/Moscow",
        "stage": "pilot",
        "roles": {
            "project_manager": {"name": "Светлана Орлова", "contact": "orlova@centre.example"},
            "supervisors": [{"name": "Ольга Морозова"}],
        },
    },
    "numbers": [
        {
            "number": "8 (800) 100-20-30",
            "country": "RU",
            "class": "toll-free",
            "arrives_as": ["+7 (495) 777-20-30"],
            "entry": "opening-hours",
            "capacity": 30,
            "shared_with": ["northwind-delivery"],
        }
    ],
    "trunks": {
        "client-pbx": {
            "address": "10.40.0.5",
            "transport": "tls",
            "media_encryption": "sdes",
            "auth": {"user": "centre", "secret": "env:CLIENT_PBX"},
            "register": {"expiry": "10m"},
            "codecs": ["alaw"],
            "channels": 8,
        }
    },
    "calendars": {
        "office": {
            "hours": {"mon-fri": ["09:00-18:00"], "sat": ["10:00-16:00"]},
            "dates": [{"date": "2026-12-31", "hours": ["09:00-15:00"]}, {"date": "2027-01-01"}],
        }
    },
    "answer": {"step": "subject", "before": "ringing"},
    "queues": {
        "orders": {
            "title": "Заказы",
            "strategy": "rrmemory",
            "service_level": {"within": "20s", "target_ratio": 0.8},
            "timeout": "15s",
            "maxlen": 20,
            "skills": {"english": 2},
            "shared_with": ["northwind-delivery"],
        }
    },
    "teams": {"row-a": {"senior": "kuznetsova", "leader": "Ольга Морозова"}},
    "agents": [
        {
            "agent": "kuznetsova",
            "grade": "senior",
            "team": "row-a",
            "queues": ["orders"],
            "skills": {"english": 4, "returns": 5},
            "penalty": 1,
            "certified": "2026-11-10",
        }
    ],
    "after_call": {"mode": "until-ready", "limit": "30s", "disposition": "dialled", "required": True},
    "dispositions": {
        "sold": {"code": "1", "title": "Заказ оформлен"},
        "call-again": {"code": "2", "title": "Перезвонить", "done": False},
    },
    "pauses": {"lunch": {"code": "1", "limit": "45m"}},
    "recording": {
        "record": "share",
        "percent": 20,
        "announcement": "northwind/recorded",
        "retention_days": 90,
        "file_name": "{date}/{queue}/{call}",
    },
    "privacy": {"numbers": "mask", "numbers_days": 90, "records_days": 1095},
    "crm": {
        "kind": "bitrix24",
        "base_url": "https://northwind.bitrix24.ru/rest/",
        "secret": "env:NORTHWIND_CRM",
        "card": {
            "phone": {"title": "Телефон", "type": "phone", "required": True, "source": "caller"},
            "topic": {"title": "Тема", "type": "choice", "choices": ["order", "returns"], "name_in_crm": "UF_CRM_17"},
            "account": {"title": "Лицевой счёт", "source": "key", "step": "account-number"},
            "result": {"title": "Итог", "required": True, "source": "disposition"},
        },
    },
    "scripts": {"order": {"title": "Приём заказа", "file": "scripts/orders.md", "queues": ["orders"]}},
    "knowledge_base": {
        "delivery": {"title": "Сроки доставки", "url": "https://kb.northwind.example/delivery", "queues": ["orders"]}
    },
    "kpi": {
        "short_abandon": "15s",
        "formulas": {"service_level": "of_offered"},
        "targets": {"lost_call_rate": {"at_most": 0.05}, "average_wait": {"at_most": "30s"}},
    },
    "library": ["ru-common"],
    "reports": {
        "monthly": {
            "title": "Отчёт за месяц",
            "every": "month",
            "at": "08:00",
            "language": "ru",
            "format": "html",
            "recipients": ["orlova@centre.example"],
        }
    },
    "launch": {
        "proved": ["flow", "memory", "routes", "card"],
        "signed": {"prompts": {"title": "Все приветствия прослушаны", "by": ["supervisors", "project_manager"]}},
    },
}

_SITE: dict[str, Any] = {
    "site": {"id": "centre", "title": "Контакт-центр"},
    "nodes": [
        {
            "id": "n1",
            "asterisk": "22",
            "transport": "local",
            "address": "10.20.0.11",
            "folder": "/etc/asterisk",
            "group": "asterisk",
            "transports": {"udp": {"protocol": "udp"}, "tls": {"protocol": "tls"}},
            "ami": {
                "host": "127.0.0.1",
                "port": 5038,
                "accounts": {
                    "deploy": {"user": "cct-deploy", "secret": "file:secrets/deploy"},
                    "test": {"user": "cct-test", "secret": "file:secrets/test"},
                    "capture": {"user": "cct-capture", "secret": "file:secrets/capture"},
                },
            },
        }
    ],
    "trunks": [{"id": "carrier", "address": "10.30.0.1", "codecs": ["alaw", "ulaw"]}],
    "roster": [{"agent": "kuznetsova", "name": "Анна Кузнецова", "secret": "file:secrets/kuznetsova"}],
    "feature_codes": {"login": "*11", "logout": "*12", "ready": "*13", "pause": "*14"},
    "projects": ["northwind-hotline"],
    "mail": {
        "from": "messages@centre.example",
        "relay": {
            "host": "relay.centre.example",
            "port": 587,
            "tls": "starttls",
            "user": "messages",
            "secret": "file:secrets/relay",
        },
    },
    "trunks_at": {"northwind-hotline.client-pbx": "10.40.1.5"},
    "trunks_via": {"carrier": "udp"},
    "canary": "n1",
    "hot_days": 7,
}

EXAMPLES = {"project": _PROJECT, "site": _SITE}
"""By kind of document and section."""

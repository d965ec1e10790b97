"""Health as it is shown: a colour with a glyph and a word."""

from dashboards.components.notice import Tone
from processors.health.judgement import Health

TONES: dict[Health, Tone] = {
    Health.BAD: "bad",
    Health.WARNING: "warning",
    Health.GOOD: "good",
    Health.UNKNOWN: "neutral",
}
WORDS = {
    Health.BAD: "Failing",
    Health.WARNING: "Degraded",
    Health.GOOD: "Healthy",
    Health.UNKNOWN: "Too little traffic",
}

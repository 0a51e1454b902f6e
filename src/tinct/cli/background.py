"""``tinct background`` refuses options of other modes, and may save the matte beside the result."""

from __future__ import annotations

from tinct.cli.effects import EffectCommand

__all__ = ["Command"]


class Command(EffectCommand):
    """Options belong to modes."""

    def sensible(self) -> None:
        """What belongs to another mode, or decides what a mask decides."""
        mode = self.given["mode"]
        self.only("colors backdrop", mode == "change", "only with --mode change")
        self.only("amount", mode == "blur", "only with --mode blur")
        self.only(
            "subject", self.given["mask"] is None, "nothing with --mask, which says what the subject is"
        )

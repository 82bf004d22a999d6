"""What is refused, in words that do not help somebody who guesses."""

from __future__ import annotations

import math
from datetime import timedelta

from service.errors import BadInput, DeskError


class SignInRefused(DeskError):
    """Not signed in.  One message for every reason: which logins exist stays unsaid."""

    code = "sign_in_refused"
    status = 401

    def __init__(self) -> None:
        super().__init__(
            "ログイン名かパスワードが正しくありません。入力を確かめてください。"
            "続けて間違えると、しばらくログインできなくなります。困ったときは管理者に伝えてください。"
        )


class TooManyTries(DeskError):
    """One client has tried too often; ``retry_after`` says for how many seconds."""

    code = "too_many_tries"
    status = 429

    def __init__(self, wait: timedelta) -> None:
        self.retry_after = max(1, math.ceil(wait.total_seconds()))
        minutes = math.ceil(self.retry_after / 60)
        super().__init__(
            f"ログインの試みが多すぎます。{minutes}分ほど待ってから、やり直してください。"
        )


class SignInBusy(DeskError):
    """Too many passwords are being checked at this moment."""

    code = "sign_in_busy"
    status = 503
    retry_after = 5

    def __init__(self) -> None:
        super().__init__("ログインが混み合っています。少し待ってから、もう一度お試しください。")


class WeakPassword(BadInput):
    """The new password is too easy to guess; the message says what to change."""

    code = "weak_password"


class WrongPassword(BadInput):
    """The present password, asked for again, is not right."""

    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__("いまのパスワードが正しくありません。入力を確かめてください。")


class LastAdmin(DeskError):
    """Without this person nobody could manage the town's accounts."""

    code = "last_admin"
    status = 409


class SetUpDone(DeskError):
    """There is an account already: the first-run set-up is over for good."""

    code = "set_up_done"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "利用者がすでに登録されています。最初の設定は済んでいます。ログインしてください。"
        )

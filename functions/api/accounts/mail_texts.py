"""The mails about an account, in the languages of the pages."""

from typing import Final

_RESET: Final = {
    "en": (
        "Set a new faplog password",
        "Someone, probably you, asked to set a new password for the faplog account with this address.\n\n"
        "To set one, open this link within an hour. It works once:\n\n{link}\n\n"
        "If it was not you, ignore this mail: your password stays as it is.\n",
    ),
    "fr": (
        "Définir un nouveau mot de passe faplog",
        "Quelqu’un, sans doute vous, a demandé à définir un nouveau mot de passe pour le compte faplog de cette "
        "adresse.\n\n"
        "Pour le définir, ouvrez ce lien dans l’heure qui suit. Il ne fonctionne qu’une fois :\n\n{link}\n\n"
        "Si ce n’était pas vous, ignorez ce message : votre mot de passe reste inchangé.\n",
    ),
    "pl": (
        "Ustaw nowe hasło w faplog",
        "Ktoś, zapewne Ty, poprosił o ustawienie nowego hasła do konta faplog z tym adresem.\n\n"
        "Aby je ustawić, otwórz ten link w ciągu godziny. Działa tylko raz:\n\n{link}\n\n"
        "Jeśli to nie Ty, zignoruj tę wiadomość: hasło się nie zmieni.\n",
    ),
}

_EMAIL_CHANGED: Final = {
    "en": (
        "The e-mail address of your faplog account was changed",
        "Your faplog account now has another e-mail address; this one can no longer be used to log in.\n\n"
        "If it was not you, tell the operator of this faplog at once: {contact}\n",
    ),
    "fr": (
        "L’adresse e-mail de votre compte faplog a changé",
        "Votre compte faplog a désormais une autre adresse e-mail ; celle-ci ne permet plus de se connecter.\n\n"
        "Si ce n’était pas vous, prévenez tout de suite l’exploitant de ce faplog : {contact}\n",
    ),
    "pl": (
        "Adres e-mail Twojego konta faplog został zmieniony",
        "Twoje konto faplog ma teraz inny adres e-mail; tym adresem nie można się już zalogować.\n\n"
        "Jeśli to nie Ty, zgłoś to od razu operatorowi tego faplog: {contact}\n",
    ),
}


def reset(language: str, link: str) -> tuple[str, str]:
    """Return the subject and the text of the mail with the link to set a new password."""
    subject, text = _RESET[language]
    return subject, text.format(link=link)


def email_changed(language: str, contact: str) -> tuple[str, str]:
    """Return the subject and the text of the mail to the former address of an account."""
    subject, text = _EMAIL_CHANGED[language]
    return subject, text.format(contact=contact)

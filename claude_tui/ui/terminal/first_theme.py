"""Has an app begin in a theme, so that its first frame is drawn once. Must not know which themes there are."""

from __future__ import annotations

from textual.app import App


def start_in(app: App[None], wanted: str, otherwise: str) -> bool:
    """Give an app that does not run yet its theme: `wanted` if there is one of that name, else `otherwise`.

    Returns whether there is. Textual decides several things for the theme that an app without settings has, and would
    style everything twice if the theme changed later.
    """
    is_known = wanted in app.available_themes
    app.set_reactive(App.theme, wanted if is_known else otherwise)
    # The style sheet was made before, with the variables of the other theme.
    app.stylesheet.set_variables(app.get_css_variables())
    # So was decided whether the terminal's own colours are kept, and what the style sheet can ask for.
    app._refresh_truecolor_filter(app.ansi_theme)
    theme = app.current_theme
    classes = {f"-theme-{theme.name}": True, "-dark-mode": theme.dark, "-light-mode": not theme.dark}
    app.update_classes(classes, update=False)
    return is_known

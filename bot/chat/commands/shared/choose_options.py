"""Which parameters have an option of their own in a command.

All projects share one command, of at most 25 options and 8,000 characters. `set` takes any parameter, so nothing has to
fit: parameters with `option = true` come first, then those that must be given, then the others. Within each of these,
the project with the fewest options is next, and its parameters come in the order of the config.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence

from bot.chat.commands.shared.command_size import size
from bot.chat.commands.shared.options import Option
from bot.domain.parameters import Parameter
from bot.domain.project import Project

Forms = Mapping[str, Sequence[Option]]
"""For each parameter's name, the options that would do, the best first."""


class ChooseOptions:
    """Fills the room that a command has left: a number of options, and their characters."""

    def __init__(self, projects: Sequence[Project], forms: Forms, options: int, characters: int) -> None:
        self._projects, self._forms = projects, forms
        self._options, self._characters = options, characters
        self._holders: dict[str, list[str]] = {}
        """The projects that have a parameter of that name."""
        for project in projects:
            for parameter in project.parameters:
                self._holders.setdefault(parameter.name, []).append(project.name)
        self._served: Counter[str] = Counter()
        """How many options each project has."""
        self._chosen: dict[str, Option] = {}

    def chosen(self) -> dict[str, Option]:
        """The options by their names."""
        for names in self._tiers():
            self._fill(
                {p.name: deque(each.name for each in p.parameters if each.name in names) for p in self._projects}
            )
        return self._chosen

    def _tiers(self) -> Iterator[set[str]]:
        """The important names first. One project's wish is enough, as all share the option."""
        declared = [parameter for project in self._projects for parameter in project.parameters]
        possible = {parameter.name for parameter in declared if parameter.option is not False} & self._forms.keys()
        yield _names(declared, lambda parameter: parameter.option is True) & possible
        yield _names(declared, lambda parameter: parameter.required) & possible
        yield possible

    def _fill(self, queues: Mapping[str, deque[str]]) -> None:
        while self._options and (waiting := [project for project, names in queues.items() if names]):
            name = queues[min(waiting, key=self._served.__getitem__)].popleft()
            option = next((form for form in self._forms[name] if size(form) <= self._characters), None)
            if option is None or name in self._chosen:
                continue
            self._chosen[name] = option
            self._options -= 1
            self._characters -= size(option)
            self._served.update(self._holders[name])


def _names(declared: Sequence[Parameter], holds: Callable[[Parameter], bool]) -> set[str]:
    return {parameter.name for parameter in declared if holds(parameter)}

"""A home as a backend: weather, energy meters, thermostats. Knows no task."""

from __future__ import annotations

from typing import Any, Literal

from agent_tasks.sums import calculator, convert
from agent_tasks.task import World
from prudent_agents.errors import ToolError
from prudent_agents.function_tool import tool_of
from prudent_agents.tool import Effect

Room = Literal["attic", "kitchen", "garage", "office", "bedroom"]
_WEATHER = {
    "oslo": (4, "rain"),
    "lisbon": (19, "clear"),
    "berlin": (9, "cloudy"),
    "nairobi": (24, "clear"),
    "beijing": (12, "clear"),
    "北京": (12, "晴"),
    "shanghai": (16, "rain"),
    "上海": (16, "雨"),
}
_METERS = {"attic": 3.2, "kitchen": 5.7, "garage": 1.4, "office": 2.6, "bedroom": 0.9}
_PRICE = 0.31


def home() -> World:
    """A fresh home."""
    thermostats = {"attic": 17.5, "kitchen": 20.0, "garage": 8.0, "office": 19.0, "bedroom": 18.0}
    state = {"thermostats": thermostats}

    def weather(city: str) -> dict[str, Any]:
        """The weather in a city right now: temperature in degrees Celsius, and the sky.

        Args:
            city: name of the city
        """
        if city.strip().lower() not in _WEATHER:
            raise ToolError(f"No weather is known for {city}.")
        celsius, sky = _WEATHER[city.strip().lower()]
        return {"celsius": celsius, "sky": sky}

    def meter(room: Room) -> float:
        """Energy that a room used today, in kWh.

        Args:
            room: the room
        """
        return _METERS[room]

    def energy_price() -> float:
        """What one kWh of energy costs, in euros."""
        return _PRICE

    def get_thermostat(room: Room) -> float:
        """The temperature that a room's thermostat is set to, in degrees Celsius.

        Args:
            room: the room
        """
        return thermostats[room]

    def set_thermostat(room: Room, celsius: float) -> str:
        """Set a room's thermostat to a temperature in degrees Celsius.

        Args:
            room: the room
            celsius: the new temperature
        """
        thermostats[room] = float(celsius)
        return f"The thermostat of the {room} is set to {celsius:g} degrees."

    reads = [tool_of(one) for one in (weather, meter, energy_price, get_thermostat, calculator, convert)]
    return World([*reads, tool_of(set_thermostat, effect=Effect.WRITE)], state)

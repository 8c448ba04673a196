"""Screens: they hold the state of the app and turn calls of the registry into changes of it."""

"""Widgets that draw frozen values through the line API; none of them changes the session."""

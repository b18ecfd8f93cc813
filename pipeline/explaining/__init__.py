"""Why a day has its units, prices and modifiers, as steps and sentences, and what other rules would make of it."""

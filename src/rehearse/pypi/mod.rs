//! Python package indexes of the rehearsal.

"""View-models: what a view shows, as QObjects without widgets. They decide; views draw."""

"""How far each local government has come with e-procurement, and which SPSE versions its nodes run."""

package dev.vestibule.declare; final class Placeholder { private Placeholder() {} }
